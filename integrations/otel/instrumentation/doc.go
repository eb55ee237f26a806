// Package instrumentation tries resilotel with the instrumentation of HTTP and gRPC and with
// the exporter to Prometheus. It is a module of its own, so that those who use resilotel do not
// need what its tests need.
package instrumentation
