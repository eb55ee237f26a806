package sdk

import (
	"cmp"
	"slices"
)

// all has the recipes, sorted by name.
var all = sorted(
	cassandraLibrary,
	gocqlV1Library,
	grpcLibrary,
	httpLibrary,
	mongoLibrary,
	mssqlLibrary,
	mysqlLibrary,
	neo4jLibrary,
	pgxLibrary,
	pqLibrary,
	redisLibrary,
	sqlLibrary,
	sqlite3Library,
	sqliteLibrary,
)

func sorted(libraries ...*Library) []*Library {
	slices.SortFunc(libraries, func(a, b *Library) int { return cmp.Compare(a.Name, b.Name) })
	return libraries
}
