package main

import (
	"context"
	"net/http"
)

//go:generate go tool resilgen

// Payments is what this program needs of the payment service, over HTTP. Charge may be
// repeated: the service charges an order once, however often it is asked to.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3 initial=20ms
//resil:breaker open=5s
//resil:idempotent
//resil:classify byResponse
type Payments interface {
	Charge(ctx context.Context, order string, cents int) error
}

// httpPayments makes one request for each call. The wrapper does the rest.
type httpPayments struct {
	http *http.Client
	base string // the address of the service
}

func (p *httpPayments) Charge(ctx context.Context, order string, cents int) error {
	return send(ctx, p.http, http.MethodPut, p.base+"/charges/"+order, cents, nil)
}
