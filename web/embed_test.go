package web_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/web"
)

func TestFilesHoldsTheBuiltComponent(t *testing.T) {
	t.Parallel()
	var got []string
	err := fs.WalkDir(web.Files(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			got = append(got, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"tidings-discover.js",
		"tidings-fetch.js",
		"tidings-host.js",
		"tidings-inspector.js",
		"tidings-react.js",
		"tidings-worker.js",
		"tidings.iife.js",
		"tidings.js",
		"types/carrier.d.ts",
		"types/define.d.ts",
		"types/discover.d.ts",
		"types/dom-types.d.ts",
		"types/element.d.ts",
		"types/index.d.ts",
		"types/inspector.d.ts",
		"types/link.d.ts",
		"types/persist.d.ts",
		"types/react.d.ts",
		"types/shared.d.ts",
		"types/subscription.d.ts",
		"types/types.d.ts",
		"types/upstream.d.ts",
		"types/wire.d.ts",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestBundlesDefineTheElement(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, export string
	}{
		{file: "tidings.js", export: "export{"},
		{file: "tidings.iife.js", export: "var Tidings="},
	} {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			content, err := fs.ReadFile(web.Files(), test.file)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{test.export, "event-source", "customElements.define", "Apache-2.0"} {
				if !bytes.Contains(content, []byte(part)) {
					t.Errorf("%s does not contain %q", test.file, part)
				}
			}
			if bytes.Contains(content, []byte("sourceMappingURL")) {
				t.Errorf("%s refers to a source map, which is not there", test.file)
			}
		})
	}
}

// The component is served like any other file.
func ExampleFiles() {
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(web.Files())))

	server := httptest.NewServer(mux)
	defer server.Close()
	response, err := http.Get(server.URL + "/assets/tidings.js")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.StatusCode, response.Header.Get("Content-Type"), len(content) > 0)
	// Output: 200 text/javascript; charset=utf-8 true
}
