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
	connectLibrary,
	consulLibrary,
	elasticsearchLibrary,
	etcdLibrary,
	franzLibrary,
	githubLibrary,
	gocqlV1Library,
	googleLibrary,
	grpcLibrary,
	httpLibrary,
	kafkaLibrary,
	kubernetesLibrary,
	minioLibrary,
	mongoLibrary,
	mssqlLibrary,
	mysqlLibrary,
	natsLibrary,
	neo4jLibrary,
	opensearchLibrary,
	pgxLibrary,
	pqLibrary,
	redisLibrary,
	saramaLibrary,
	slackLibrary,
	sqlLibrary,
	sqliteLibrary,
	sqlite3Library,
	stripeLibrary,
	temporalLibrary,
	twirpLibrary,
	vaultLibrary,
)

func sorted(libraries ...*Library) []*Library {
	slices.SortFunc(libraries, func(a, b *Library) int { return cmp.Compare(a.Name, b.Name) })
	return libraries
}
