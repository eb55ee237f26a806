module github.com/resilgen/resilgen/examples/fleet

go 1.26.0

require (
	github.com/redis/go-redis/v9 v9.23.0
	github.com/resilgen/resilgen v0.0.0
	github.com/resilgen/resilgen/integrations/redis v0.0.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dave/jennifer v1.7.1 // indirect
	github.com/rogpeppe/go-internal v1.16.0 // indirect
	github.com/sony/gobreaker/v2 v2.4.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/time v0.16.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

tool (
	github.com/resilgen/resilgen/cmd/resilgen
	github.com/resilgen/resilgen/integrations/redis/cmd/resilgen-fleet
)

replace (
	github.com/resilgen/resilgen => ../..
	github.com/resilgen/resilgen/integrations/redis => ../../integrations/redis
)
