package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
)

// httpUsers is a plain UserClient and DirectoryClient over HTTP. Each call sends one
// request, without a timeout.
type httpUsers struct {
	base string
	http *http.Client
	sent atomic.Int64 // requests so far
}

func newHTTPUsers(base string) *httpUsers {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	return &httpUsers{base: base, http: &http.Client{Transport: transport}}
}

func (c *httpUsers) GetUser(ctx context.Context, id int) (*User, error) {
	return call[*User](ctx, c, http.MethodGet, fmt.Sprintf("/users/%d", id), nil)
}

func (c *httpUsers) ListUsers(ctx context.Context) ([]User, error) {
	return call[[]User](ctx, c, http.MethodGet, "/users", nil)
}

func (c *httpUsers) CreateUser(ctx context.Context, name string) (*User, error) {
	return call[*User](ctx, c, http.MethodPost, "/users", User{Name: name})
}

func (c *httpUsers) Search(ctx context.Context, tenant, name string) ([]User, error) {
	return call[[]User](ctx, c, http.MethodGet, "/tenants/"+tenant+"/users?name="+url.QueryEscape(name), nil)
}

func (c *httpUsers) Lookup(ctx context.Context, tenant, name string) (*User, error) {
	return call[*User](ctx, c, http.MethodGet, "/tenants/"+tenant+"/users/"+url.PathEscape(name), nil)
}

func (c *httpUsers) Count(ctx context.Context, tenant string) (int, error) {
	n, err := call[int](ctx, c, http.MethodGet, "/tenants/"+tenant+"/count", nil)
	if err == nil {
		counted.Store(tenant, n)
	}
	return n, err
}

func (c *httpUsers) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// call sends a request, with body as JSON if it is not nil, and decodes the response.
func call[T any](ctx context.Context, c *httpUsers, method, path string, body any) (T, error) {
	var answer T
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return answer, err
		}
		payload = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return answer, err
	}
	c.sent.Add(1)
	resp, err := c.http.Do(req)
	if err != nil {
		return answer, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return answer, ErrNotFound
	case resp.StatusCode >= 300:
		return answer, &StatusError{Code: resp.StatusCode}
	}
	err = json.NewDecoder(resp.Body).Decode(&answer)
	return answer, err
}
