package requests

import (
	"context"
	"net/http"
)

//resil:timeout 10s attempt=3s
//resil:retry
//resil:breaker per=host(req)
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

func host(req *http.Request) string { return req.URL.Host }

// API is an HTTP API with methods of its own.
//
//resil:timeout 10s attempt=3s
//resil:retry
type API interface {
	// Send takes both.
	Send(r context.Context, ctx *http.Request, v any) error
	//resil:idempotent
	SendAgain(ctx *http.Request) error
	//resil:fallback
	Fetch(*http.Request) (*http.Response, error)
	//resil:fallback sent
	Post(ctx context.Context, req *http.Request) error
}

func sent(context.Context, *http.Request, error) error { return nil }
