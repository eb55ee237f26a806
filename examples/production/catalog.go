package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	resil "github.com/resilgen/resilgen/runtime"
)

// Catalog knows prices. Each tenant has a server of its own, and so a breaker: where the
// server of one is down, the others go on. All servers share a database that bears 100 calls a
// second; who calls faster waits for a turn.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3 initial=20ms
//resil:breaker per=tenant open=5s
//resil:limit 100/s burst=20 wait=1s queue=200
//resil:classify byResponse
type Catalog interface {
	GetPrice(ctx context.Context, tenant, item string) (cents int, err error)
}

// httpCatalog makes one request for each call.
type httpCatalog struct {
	http  *http.Client
	bases map[string]string // the address of the server of each tenant
}

func (c *httpCatalog) GetPrice(ctx context.Context, tenant, item string) (cents int, err error) {
	base, ok := c.bases[tenant]
	if !ok {
		return 0, resil.App(fmt.Errorf("no tenant %q", tenant))
	}
	err = send(ctx, c.http, http.MethodGet, base+"/prices/"+url.PathEscape(item), nil, &cents)
	return cents, err
}
