package server

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// OperatorOptions configure an operator's API.
type OperatorOptions struct {
	// Token is what every request must carry as its bearer token.
	Token string
	// Hub is the hub.
	Hub *hub.Hub
	// Metrics counts what happens in it; nil for none.
	Metrics *Metrics
	// Revocations are the tokens that were revoked; nil if the hub takes none.
	Revocations *auth.Revocations
	// Log is copied to directories below BackupDir; no such call without a BackupDir.
	Log       Backuper
	BackupDir string
	// Logger is told what operators do.
	Logger *slog.Logger
}

// operator is the API for those who run a hub. It has an address of its own, and a token of its own: nothing that a
// publisher or subscriber has opens it.
type operator struct {
	OperatorOptions
	token [sha256.Size]byte
}

// NewOperator returns the handler of the operator's API:
//
//	GET    /healthz      200 if the process answers; needs no token
//	GET    /state        the hub's state, subscribers included
//	GET    /metrics      counters, in the text format of Prometheus
//	POST   /backup?name= copies the log while it is in use
//	GET    /revocations  those in force
//	POST   /revocations  revokes tokens, by jti, sub or hash, and ends their streams at once
//	DELETE /revocations  takes revocations back
func NewOperator(o OperatorOptions) (http.Handler, error) {
	if len(o.Token) < minOperatorToken {
		return nil, errors.New("an operator's token has less than 32 bytes: whoever guesses it may do everything")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	op := &operator{OperatorOptions: o, token: sha256.Sum256([]byte(o.Token))}
	mux := http.NewServeMux()
	mux.Handle("GET /state", protocol.StateHandler(o.Hub))
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	if o.BackupDir != "" {
		mux.Handle("POST /backup", &backupHandler{log: o.Log, dir: o.BackupDir, logger: o.Logger})
	}
	if o.Revocations != nil {
		mux.HandleFunc("GET /revocations", op.list)
		mux.HandleFunc("POST /revocations", op.revoke)
		mux.HandleFunc("DELETE /revocations", op.restore)
	}
	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	outer.Handle("/", op.guard(mux))
	return outer, nil
}

const minOperatorToken = 32

// guard lets requests with the operator's token through.
func (op *operator) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		presented := sha256.Sum256([]byte(token))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(presented[:], op.token[:]) != 1 {
			op.Logger.Warn("an operator's request was refused", "reason", "token", "path", r.URL.Path, "from", r.RemoteAddr)
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the operator's token is needed", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// maxRevocations bounds the body of a request.
const maxRevocations = 1 << 20

// read reads the revocations of a request: one, or a list.
func (op *operator) read(w http.ResponseWriter, r *http.Request) ([]auth.Revocation, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRevocations))
	if err != nil {
		http.Error(w, "the body cannot be read, or has more than 1 MiB", http.StatusRequestEntityTooLarge)
		return nil, false
	}
	list, err := parseRevocations(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil, false
	}
	return list, true
}

// parseRevocations reads a revocation, or a list of them. A name that no revocation has is refused: without what it was
// meant to say a revocation would be about more, or last for longer.
func parseRevocations(body []byte) ([]auth.Revocation, error) {
	var list []auth.Revocation
	into := any(&list)
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte{'['}) {
		list = make([]auth.Revocation, 1)
		into = &list[0]
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); more != io.EOF {
			err = errors.New("something follows")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the body is neither a revocation nor a list of them: %w", err)
	}
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, errors.New("the list of revocations is empty")
	}
	return list, nil
}

func (op *operator) list(w http.ResponseWriter, _ *http.Request) {
	list := op.Revocations.All()
	if list == nil {
		list = []auth.Revocation{}
	}
	answer(w, list)
}

// revoke keeps revocations, and then ends the streams of who has such a token. Who comes back is refused.
func (op *operator) revoke(w http.ResponseWriter, r *http.Request) {
	list, ok := op.read(w, r)
	if !ok {
		return
	}
	if err := op.Revocations.Add(list...); err != nil {
		op.Logger.Error("tokens could not be revoked", "error", err)
		status := http.StatusInternalServerError
		if errors.Is(err, auth.ErrRevocationsFull) {
			status = http.StatusInsufficientStorage
		}
		http.Error(w, err.Error(), status)
		return
	}
	ended, err := op.Hub.EndWhere(r.Context(), func(bearer any) bool {
		token, ok := bearer.(*auth.Token)
		if !ok {
			return false
		}
		for i := range list {
			if list[i].Covers(token) {
				return true
			}
		}
		return false
	})
	if err != nil {
		op.Logger.Warn("tokens were revoked, but not every stream was looked at", "error", err)
		http.Error(w, "revoked, but not every stream was looked at: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	op.Logger.Info("tokens were revoked", "revocations", len(list), "streams", ended)
	answer(w, map[string]int{"revocations": len(list), "streams": ended})
}

func (op *operator) restore(w http.ResponseWriter, r *http.Request) {
	list, ok := op.read(w, r)
	if !ok {
		return
	}
	removed := 0
	for _, revocation := range list {
		was, err := op.Revocations.Remove(revocation)
		if err != nil {
			op.Logger.Error("a revocation could not be taken back", "error", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if was {
			removed++
		}
	}
	op.Logger.Info("revocations were taken back", "revocations", removed)
	answer(w, map[string]int{"removed": removed})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // nobody is left to tell
}
