//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// Users is a service that takes so many calls a second of all its callers together.
//
//resil:limit 1000/s burst=100 scope=fleet
//resil:breaker scope=fleet consecutive=5 ratio=off open=2s probes=1
//resil:timeout 5s
//resil:classify all
type Users interface {
	Name(ctx context.Context, id int) (string, error)
}

// remote calls the backend. It fails while sick is set.
type remote struct {
	url     string // of the backend, with the number of the process
	client  *http.Client
	sick    atomic.Bool
	entered func(context.Context) // is told that a call got through its guards
}

var errSick = resil.Infra(errors.New("the service cannot be reached from here"))

func (r *remote) Name(ctx context.Context, _ int) (string, error) {
	r.entered(ctx)
	if r.sick.Load() {
		return "", errSick
	}
	url := fmt.Sprintf("%s&sent=%d", r.url, time.Now().UnixNano())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	name, err := io.ReadAll(response.Body)
	return string(name), err
}
