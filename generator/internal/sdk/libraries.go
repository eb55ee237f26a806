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
	cassandraLibrary,
	consulLibrary,
	franzLibrary,
	gocqlV1Library,
	grpcLibrary,
	httpLibrary,
	kafkaLibrary,
	minioLibrary,
	mongoLibrary,
	mssqlLibrary,
	mysqlLibrary,
	natsLibrary,
	neo4jLibrary,
	pgxLibrary,
	pqLibrary,
	redisLibrary,
	saramaLibrary,
	sqlLibrary,
	sqliteLibrary,
	sqlite3Library,
	vaultLibrary,
)

func sorted(libraries ...*Library) []*Library {
	slices.SortFunc(libraries, func(a, b *Library) int { return cmp.Compare(a.Name, b.Name) })
	return libraries
}
