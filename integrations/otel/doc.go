// Package resilotel shows clients of resilgen through OpenTelemetry. It needs only its API.
//
// [Register] exports counters and states, read from the statistics of all clients in a
// registry. [NewHistograms] measures durations. [LogObserver] emits events as log records,
// with the trace that they belong to. [SpanObserver] says on the caller's span how its call
// ended, and [WithAttemptSpans] makes a span for each attempt. [CountResends] and
// [NumberAttempts] let the instrumentation of HTTP and gRPC clients number its spans.
//
// No key of a breaker, limit or bulkhead becomes an attribute of a metric.
package resilotel
