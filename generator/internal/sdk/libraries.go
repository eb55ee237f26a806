package sdk

import (
	"cmp"
	"slices"
)

// all has the recipes, sorted by name.
var all = sorted(
	amqpLibrary,
	awsLibrary,
	grpcLibrary,
	httpLibrary,
	mysqlLibrary,
	natsLibrary,
)

func sorted(libraries ...*Library) []*Library {
	slices.SortFunc(libraries, func(a, b *Library) int { return cmp.Compare(a.Name, b.Name) })
	return libraries
}
