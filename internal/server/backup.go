package server

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Backuper is a log that can be copied while it is in use.
type Backuper interface {
	Head() uint64
	// Backup copies the log as it is to dir, which must not be there.
	Backup(dir string) error
}

// backupHandler answers POST ?name=NAME by copying the log to the directory of that name below dir.
type backupHandler struct {
	log    Backuper
	dir    string
	logger *slog.Logger
}

// backupDone is the answer. The copy holds every update up to Head; it may hold later ones.
type backupDone struct {
	Path string `json:"path"`
	Head uint64 `json:"head"`
}

func (h *backupHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if !backupName(name) {
		http.Error(w, "name is missing or cannot be a backup's: give letters, digits, '-', '_' and '.', not one that begins with '.'", http.StatusBadRequest)
		return
	}
	path, err := filepath.Abs(filepath.Join(h.dir, name))
	if err == nil {
		err = os.MkdirAll(h.dir, 0o750)
	}
	head := h.log.Head() // before the copy: it holds this much at least
	if err == nil {
		err = h.log.Backup(path)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		http.Error(w, "there is a backup of this name already", http.StatusConflict)
		return
	case err != nil:
		h.logger.Error("the backup failed", "path", path, "error", err)
		http.Error(w, "the backup failed, the hub's log says why", http.StatusInternalServerError)
		return
	}
	h.logger.Info("the log was backed up", "path", path, "head", head)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(backupDone{Path: path, Head: head}) // nobody is left to tell
}

// backupName reports whether name is that of a directory right below another, on every system.
func backupName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	return name != "" && len(name) <= 100 && name[0] != '.' && strings.Trim(name, letters) == ""
}
