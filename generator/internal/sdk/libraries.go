package sdk

import (
	"cmp"
	"slices"
)

// all has the recipes, sorted by name.
var all = sorted(
	cassandraLibrary,
	connectLibrary,
	elasticsearchLibrary,
	etcdLibrary,
	githubLibrary,
	gocqlV1Library,
	googleLibrary,
	grpcLibrary,
	httpLibrary,
	kubernetesLibrary,
	mongoLibrary,
	mssqlLibrary,
	mysqlLibrary,
	neo4jLibrary,
	opensearchLibrary,
	pgxLibrary,
	pqLibrary,
	redisLibrary,
	slackLibrary,
	sqlLibrary,
	sqlite3Library,
	sqliteLibrary,
	stripeLibrary,
	temporalLibrary,
	twirpLibrary,
)

func sorted(libraries ...*Library) []*Library {
	slices.SortFunc(libraries, func(a, b *Library) int { return cmp.Compare(a.Name, b.Name) })
	return libraries
}
