// Package google guards clients of Google APIs.
package google

import (
	"context"

	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
)

//go:generate go tool resilgen

// Secrets is the part of secretmanager.Client that is used.
//
//resil:timeout 10s attempt=4s
//resil:retry 3
//resil:breaker
type Secrets interface {
	AccessSecretVersion(ctx context.Context, req *secretmanagerpb.AccessSecretVersionRequest, opts ...gax.CallOption) (*secretmanagerpb.AccessSecretVersionResponse, error)
	GetSecret(ctx context.Context, req *secretmanagerpb.GetSecretRequest, opts ...gax.CallOption) (*secretmanagerpb.Secret, error)
}
