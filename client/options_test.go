package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
)

func TestNewRefuses(t *testing.T) {
	body := func() (io.ReadCloser, error) { return http.NoBody, nil }
	for _, tt := range []struct {
		name string
		url  string
		o    client.Options
		want []string
	}{
		{"no URL", "", client.Options{}, []string{"no http or https URL"}},
		{"no host", "http:///x", client.Options{}, []string{"no http or https URL"}},
		{"another scheme", "ftp://me:secret@hub.test/", client.Options{}, []string{"ftp://me:xxxxx@hub.test/"}},
		{"not a URL", "http://a b/", client.Options{}, []string{"invalid character"}},
		{"method", "", client.Options{Method: "G T"}, []string{"method"}},
		{"several", "", client.Options{Backoff: -1, MaxFailures: -2, IdleTimeout: -3}, []string{"Backoff", "MaxFailures", "IdleTimeout"}},
		{"timeout", "", client.Options{HTTPClient: &http.Client{Timeout: 1}}, []string{"HTTPClient", "Timeout"}},
		{"two bodies", "", client.Options{Method: "POST", Body: []byte{}, GetBody: body}, []string{"Body and GetBody"}},
		{"body of GET", "", client.Options{Body: []byte("x")}, []string{"Body", "Method"}},
		{"GetBody of GET", "", client.Options{Method: "GET", GetBody: body}, []string{"GetBody", "Method"}},
		{"cursor in the header", "", client.Options{Header: http.Header{"Last-Event-Id": {"1"}}}, []string{"Header", "LastEventID"}},
		{"cursor of two lines", "", client.Options{LastEventID: "a\nb"}, []string{"LastEventID"}},
		{"cursor with a control character", "", client.Options{LastEventID: "a\x1bb"}, []string{"LastEventID"}},
		{"signals not asked for", "", client.Options{OnSignal: func(sse.Event) {}}, []string{"OnSignal", "Signals"}},
		{"hello not asked for", "", client.Options{OnHello: func(client.Hello) {}}, []string{"OnHello", "Signals"}},
		{"bye not asked for", "", client.Options{OnBye: func(client.Bye) {}}, []string{"OnBye", "Signals"}},
		{"backoff", "", client.Options{Backoff: 2, MaxBackoff: 1}, []string{"Backoff", "MaxBackoff"}},
		{"retry", "", client.Options{MinRetry: 2, MaxRetry: 1}, []string{"MinRetry", "MaxRetry"}},
		{"limits", "", client.Options{MaxLine: -1, MaxEvent: -1}, []string{"MaxLine", "MaxEvent"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.url == "" && tt.name != "no URL" {
				tt.url = "http://hub.test/"
			}
			_, err := client.New(tt.url, tt.o)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not name %s", err, want)
				}
			}
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "client: ") {
					t.Errorf("%q does not say where it comes from", line)
				}
			}
		})
	}
}

// A single bound that is set does not contradict the defaults of the others.
func TestOptionsThatAreGood(t *testing.T) {
	for name, o := range map[string]client.Options{
		"none":               {},
		"short MaxBackoff":   {MaxBackoff: time.Millisecond},
		"long Backoff":       {Backoff: time.Hour},
		"long MinRetry":      {MinRetry: time.Hour},
		"gap without asking": {OnGap: func(client.Gap) {}},
		"body":               {Method: "POST", Body: []byte("x")},
	} {
		if _, err := client.New("https://hub.test/?a", o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
