package sdk

import (
	"cmp"
	"slices"
)

// all has the recipes, sorted by name.
var all = sorted(
	amqpLibrary,
	awsLibrary,
	azureLibrary,
	consulLibrary,
	franzLibrary,
	grpcLibrary,
	httpLibrary,
	kafkaLibrary,
	minioLibrary,
	mysqlLibrary,
	natsLibrary,
	saramaLibrary,
	vaultLibrary,
)

func sorted(libraries ...*Library) []*Library {
	slices.SortFunc(libraries, func(a, b *Library) int { return cmp.Compare(a.Name, b.Name) })
	return libraries
}
