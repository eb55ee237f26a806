// Package fleet has guards that many processes share.
package fleet

import "context"

//resil:limit 1000/s scope=fleet wait=50ms
//resil:breaker scope=fleet
type Users interface {
	Get(ctx context.Context, id string) (string, error)
	//resil:limit 10/s per=id
	//resil:breaker scope=process
	Search(ctx context.Context, id string) ([]string, error)
}
