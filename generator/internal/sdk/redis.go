package sdk

// Errors of the server have a method RedisError, and the server's text, in front of which
// stands a code. Lost connections are left to resil.Network.
var redisLibrary = &Library{
	Name:  "redis",
	Ident: "Redis",
	Title: "go-redis",
	Tried: []string{"github.com/redis/go-redis/v9@v9.23.0"},
	Shown: []string{"github.com/redis/go-redis"},
	Glue: `
import (
	"errors"

	redis "github.com/redis/go-redis/v9"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Redis by their code.
func classify(err error) resil.Verdict {
	switch {
	case errors.Is(err, redis.Nil):
		return resil.Verdict{Class: resil.Application}
	case errors.Is(err, redis.TxFailedErr), errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted):
		return resil.Verdict{Class: resil.Throttled}
	case errors.Is(err, redis.ErrClosed):
		return resil.Verdict{Class: resil.SystemFault}
	}
	if e, ok := errors.AsType[redis.Error](err); ok {
		return resil.RedisCode(e.Error())
	}
	return resil.Verdict{}
}
`,
	// Most commands begin with the type of what they work on. What reads is safe; so is
	// what sets or takes away, by key or by member, whatever was there before.
	Safe: []string{
		"MGet", "MSet", "TTL", "PTTL", "PExpire", "PExpireAt", "PExpireTime", "Persist", "RandomKey", "RestoreReplace",
		"Type", "Keys", "Dump", "Digest", "StrLen", "LCS", "BitCount", "BitPos", "BitPosSpan", "BitFieldRO",
		"Sort", "SortRO", "SortInterfaces", "EvalRO", "EvalShaRO", "FCallRO", "FCallRo", "DBSize", "Time",
		"HGet*", "HMGet", "HKeys", "HLen", "HVals", "HExists", "HScan*", "HStrLen", "HTTL", "HPTTL", "HExpireTime", "HPExpireTime", "HRandField*",
		"HSet", "HMSet", "HSetEX", "HDel", "HExpire", "HExpireAt", "HPExpire", "HPExpireAt", "HPersist",
		"LIndex", "LLen", "LPos", "LPosCount", "LRange", "LSet",
		"SCard", "SDiff", "SDiffCard", "SInter", "SInterCard", "SIsMember", "SMIsMember", "SMembers", "SMembersMap", "SRandMember*",
		"SScan", "SUnion", "SUnionCard", "SRem",
		"ZCard", "ZCount", "ZDiff", "ZDiffWithScores", "ZInter", "ZInterCard", "ZInterWithScores", "ZLexCount", "ZMScore", "ZRandMember*",
		"ZRange*", "ZRank*", "ZRevRange*", "ZRevRank*", "ZScan", "ZScore", "ZUnion", "ZUnionWithScores", "ZRem", "ZRemRangeByScore", "ZRemRangeByLex",
		"XLen", "XInfo*", "XPending*", "XRange*", "XRevRange*", "XDel", "XAck", "XTrim*",
		"PFCount", "GeoDist", "GeoHash", "GeoPos", "GeoRadius", "GeoRadiusByMember", "GeoSearch", "GeoSearchLocation",
		"JSONGet*", "JSONMGet", "JSONArrIndex*", "JSONArrLen", "JSONObjKeys", "JSONObjLen", "JSONStrLen", "JSONType", "JSONDebugMemory",
		"JSONSet", "JSONMSet", "JSONMSetArgs", "JSONMerge", "JSONClear",
		"ARCount", "ARGet*", "ARMGet", "ARGrep*", "ARInfo*", "ARLastItems", "ARLen", "AROp*", "ARScan", "ARSet", "ARMSet", "ARDel*",
		"BFCard", "BFExists", "BFMExists", "BFInfo*", "BFScanDump", "CFCount", "CFExists", "CFMExists", "CFInfo", "CFScanDump", "CMSInfo", "CMSQuery",
		"TopKCount", "TopKInfo", "TopKList*", "TopKQuery", "TDigestByRank", "TDigestByRevRank", "TDigestCDF", "TDigestInfo", "TDigestMax", "TDigestMin",
		"TDigestQuantile", "TDigestRank", "TDigestRevRank", "TDigestTrimmedMean",
		"TSGet*", "TSInfo*", "TSMGet*", "TSMRange*", "TSMRevRange*", "TSNRange*", "TSNRevRange*", "TSQuery*", "TSRange*", "TSRevRange*",
		"FTAliasList", "FTAliasUpdate", "FTConfigGet", "FTConfigSet", "FTDictDump", "FTExplain*", "FTHybrid*", "FTInfo", "FTSearch*", "FTSpellCheck*", "FTSynDump", "FTTagVals", "FT_List",
		"VCard", "VDim", "VEmb", "VGetAttr", "VInfo", "VIsMember", "VLinks*", "VRandMember*", "VRange", "VSim*", "VSetAttr", "VClearAttributes", "VRem",
		"ACLCat*", "ACLDryRun", "ACLGenPass", "ACLList", "ACLLog", "ACLSetUser", "ACLUsers", "ACLWhoAmI",
		"ClientGetName", "ClientID", "ClientInfo", "ClientList", "Command", "CommandGetKeys*", "CommandList", "ConfigGet", "ConfigSet",
		"ClusterCount*", "ClusterGetKeysInSlot", "ClusterInfo", "ClusterKeySlot", "ClusterLinks", "ClusterMyID", "ClusterMyShardID", "ClusterNodes", "ClusterShards", "ClusterSlaves", "ClusterSlots",
		"DebugObject", "FunctionDump", "FunctionList", "FunctionLoadReplace", "FunctionStats", "LastSave", "Latency", "MemoryUsage", "Object*",
		"PubSub*", "ScriptExists", "ScriptLoad", "SlowLogGet", "SlowLogLen",
		// What takes away, or sets a server, under names whose first word does not say so.
		"ACLDelUser", "ACLLogReset", "ClientPause", "ClientUnpause", "ClientTracking*", "ConfigResetStat", "ConfigRewrite", "LatencyReset", "SlowLogReset",
		"FTAggregate*", "FTAliasDel", "FTCursorDel", "FTDictAdd", "FTDictDel", "FTDropIndex*", "FTSynUpdate*", "FunctionDelete", "FunctionFlush*", "ScriptFlush",
		"JSONDel", "JSONForget", "PFAdd", "PFMerge", "TDigestReset", "TSAlter", "TSDel", "TSDeleteRule", "XAckDel", "XCfgSet", "XDelEx",
		"XGroupDelConsumer", "XGroupDestroy",
	},
	// What takes the value away that it returns, what says whether this call was the one
	// that set it, and what depends on the value or the place that a first call changes.
	Unsafe: []string{
		"GetDel", "GetSet", "HGetDel", "*Pop*", "Set*NX", "*SetNX", "SetArgs", "SetIF*", "DelExArgs", "SetBit", "ExpireNX", "ExpireGT", "ExpireLT",
		"LRem", "LTrim", "ZRemRangeByRank", "*Store", "FTCursorRead", "XRead*",
	},
	Retries: Retries{Attempts: 4, Switch: "redis.Options{MaxRetries: -1}"},
	Timeout: "go-redis looks at the deadline of a context only with ContextTimeoutEnabled: true; without it a timeout of two seconds takes as long as ReadTimeout says, and that four times.",
	Notes: []string{
		"go-redis repeats every command by itself, INCR and RPUSH too: set MaxRetries: -1 and let resilgen repeat what may be repeated.",
		"As long as go-redis repeats by itself, an error that says that nothing was sent speaks of its last attempt only.",
		"redis.Nil, a key that is not there, is an answer and no failure.",
	},
}
