//go:build modules

// This file is not built. It imports what go.mod must provide for the corpus: the first
// package of each module, and the packages that need further modules.
package main

import (
	_ "github.com/aws/aws-sdk-go-v2/aws"
	_ "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	_ "github.com/aws/aws-sdk-go-v2/service/s3"
	_ "github.com/jackc/pgx/v5"
	_ "github.com/redis/go-redis/v9"
	_ "golang.org/x/net/quic"
	_ "google.golang.org/grpc/admin/test"
	_ "google.golang.org/grpc/authz"
	_ "google.golang.org/grpc/balancer/rls"
	_ "google.golang.org/grpc/balancer/weightedroundrobin"
	_ "google.golang.org/grpc/credentials/google"
	_ "google.golang.org/grpc/credentials/oauth"
	_ "google.golang.org/grpc/credentials/tls/certprovider"
	_ "google.golang.org/grpc/credentials/tls/certprovider/pemfile"
	_ "google.golang.org/grpc/credentials/xds"
	_ "google.golang.org/grpc/experimental/opentelemetry"
	_ "google.golang.org/grpc/grpclog/glogger"
	_ "google.golang.org/grpc/interop"
	_ "google.golang.org/grpc/orca"
	_ "google.golang.org/grpc/stats/opentelemetry"
	_ "google.golang.org/grpc/stats/opentelemetry/csm"
	_ "google.golang.org/grpc/xds"
	_ "google.golang.org/grpc/xds/bootstrap"
	_ "google.golang.org/grpc/xds/csds"
	_ "google.golang.org/grpc/xds/googledirectpath"
)
