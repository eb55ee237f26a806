// Package http guards a client of net/http.
package http

import (
	"context"
	"net/http"
)

//go:generate go tool resilgen

// Doer is what *http.Client does.
//
//resil:timeout 10s attempt=3s
//resil:retry 3
//resil:breaker per=req.URL.Host
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// Pages gets pages. The caller closes their bodies.
//
//resil:timeout 10s attempt=3s
//resil:retry 3
//resil:breaker
type Pages interface {
	Get(ctx context.Context, url string) (*http.Response, error)
}
