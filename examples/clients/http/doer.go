package main

import "net/http"

//go:generate go tool resilgen

// Doer is what *http.Client does. A response is classified by its status, and each host has
// a breaker of its own.
//
//resil:timeout 10s attempt=2s
//resil:retry 3 initial=20ms
//resil:breaker per=req.URL.Host open=1s
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}
