// Package minio guards a client of MinIO.
package minio

import (
	"context"

	"github.com/minio/minio-go/v7"
)

//go:generate go tool resilgen

// Objects is the part of minio.Client that is used.
//
//resil:timeout 20s attempt=5s
//resil:retry 3
//resil:breaker
type Objects interface {
	StatObject(ctx context.Context, bucket, object string, opts minio.StatObjectOptions) (minio.ObjectInfo, error)
	FGetObject(ctx context.Context, bucket, object, file string, opts minio.GetObjectOptions) error
	FPutObject(ctx context.Context, bucket, object, file string, opts minio.PutObjectOptions) (minio.UploadInfo, error)
	RemoveObject(ctx context.Context, bucket, object string, opts minio.RemoveObjectOptions) error
}
