// Package stripe guards a client of Stripe.
package stripe

import (
	"context"

	"github.com/stripe/stripe-go/v82"
)

//go:generate go tool resilgen

// PaymentIntents is the part of the service V1PaymentIntents that is used.
//
//resil:timeout 60s attempt=20s
//resil:retry 3
//resil:breaker
type PaymentIntents interface {
	Retrieve(ctx context.Context, id string, params *stripe.PaymentIntentRetrieveParams) (*stripe.PaymentIntent, error)
	Create(ctx context.Context, params *stripe.PaymentIntentCreateParams) (*stripe.PaymentIntent, error)
}
