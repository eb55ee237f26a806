package dashed

import "context"

type Name string

type Hider interface {
	hide(ctx context.Context) error
}
