package main

import (
	"net/http"

	resilpage "github.com/resilgen/resilgen/integrations/page"
)

// opsHandler serves what only operators may reach: metrics, the page, and switches that kill
// the services of this example and restore them.
func opsHandler(t *telemetry, page *resilpage.Page, b backends) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", t.handler())
	mux.Handle("/debug/resil", page)
	mux.HandleFunc("POST /backends/{name}/kill", byName(b.kill))
	mux.HandleFunc("POST /backends/{name}/restore", byName(b.restore))
	return mux
}

func byName(do func(string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r.PathValue("name")); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}
}
