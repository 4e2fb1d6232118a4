# The Go release that everything is built, tested and measured with; see SECURITY.md.
# `make GOTOOLCHAIN=local test` uses the Go that is installed instead.
export GOTOOLCHAIN = go1.26.11

BENCH ?= .
FUZZTIME ?= 30s

.PHONY: test test-browsers fmt bench demo fuzz vulncheck web

test: ; @scripts/test
test-browsers: ; @scripts/test-browsers
fmt: ; go tool gofumpt -w .
bench: ; go test -run='^$$' -bench='$(BENCH)' -benchmem ./...
demo: ; go run ./cmd/tidings demo
fuzz: ; @scripts/fuzz $(FUZZTIME)
vulncheck: ; go tool govulncheck ./...
web: ; cd web && npm ci --no-audit --no-fund && npm run build
