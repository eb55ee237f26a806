package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

//go:generate go tool resilgen

// Objects is the part of *s3.Client that is used. The types in its signatures say which
// library stands behind it, and so what its errors mean.
//
//resil:timeout 10s attempt=2s
//resil:retry 3 initial=20ms
//resil:breaker open=1s
type Objects interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error)

	// PutObject is not repeated: its body can be sent once.
	//
	//resil:retry off
	PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}
