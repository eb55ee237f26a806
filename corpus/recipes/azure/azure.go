// Package azure guards a client of Azure.
package azure

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
)

//go:generate go tool resilgen

// Blobs is the part of azblob.Client that is used.
//
//resil:timeout 30s attempt=10s
//resil:retry 3
//resil:breaker
type Blobs interface {
	UploadBuffer(ctx context.Context, container, blob string, buffer []byte, o *azblob.UploadBufferOptions) (azblob.UploadBufferResponse, error)
	DownloadBuffer(ctx context.Context, container, blob string, buffer []byte, o *azblob.DownloadBufferOptions) (int64, error)
	DeleteBlob(ctx context.Context, container, blob string, o *azblob.DeleteBlobOptions) (azblob.DeleteBlobResponse, error)
}
