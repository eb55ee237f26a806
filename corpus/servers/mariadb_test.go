//go:build linux

package servers

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	mysqlrecipe "github.com/resilgen/resilgen/corpus/recipes/mysql"
	resil "github.com/resilgen/resilgen/runtime"
)

// A mariadb is a server of MariaDB with a table t that has the rows 1 and 2.
type mariadb struct {
	*process
	admin *sql.DB // of one session
}

func startMariaDB(t *testing.T) *mariadb {
	t.Helper()
	install := program(t, "mariadb-install-db")
	server := program(t, "mariadbd", "/usr/sbin/mariadbd")
	m := &mariadb{process: newProcess(t)}
	data, setup := filepath.Join(m.dir, "data"), filepath.Join(m.dir, "setup.sql")
	if err := os.WriteFile(setup, []byte(`
CREATE DATABASE IF NOT EXISTS test;
CREATE USER IF NOT EXISTS admin IDENTIFIED BY 'right';
GRANT ALL ON *.* TO admin;
CREATE USER IF NOT EXISTS app IDENTIFIED BY 'right';
GRANT ALL ON test.* TO app;
CREATE USER IF NOT EXISTS single IDENTIFIED BY 'right' WITH MAX_USER_CONNECTIONS 1;
GRANT ALL ON test.* TO single;
CREATE TABLE IF NOT EXISTS test.t (id int PRIMARY KEY, v int) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS test.many (id int PRIMARY KEY, v int) ENGINE=InnoDB;
INSERT IGNORE INTO test.t VALUES (1, 0), (2, 0);
`), 0o644); err != nil {
		t.Fatal(err)
	}
	m.run(install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	m.ready = func(ctx context.Context) error { return m.admin.PingContext(ctx) }
	m.admin = m.connect(t, "admin")
	m.start(server, "--no-defaults", "--datadir="+data, "--socket="+filepath.Join(m.dir, "socket"), "--port="+m.port,
		"--bind-address=127.0.0.1", "--skip-name-resolve", "--pid-file="+filepath.Join(m.dir, "pid"), "--init-file="+setup,
		"--max-connections=10", "--extra-max-connections=1", "--innodb-lock-wait-timeout=60", "--innodb-flush-log-at-trx-commit=0",
		"--innodb-buffer-pool-size=16M", "--performance-schema=OFF")
	return m
}

func (m *mariadb) dsn(user, params string) string {
	return fmt.Sprintf("%s:right@tcp(%s)/test?%s", user, m.addr(), params)
}

// connect returns a pool of one connection.
func (m *mariadb) connect(t *testing.T, user string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("mysql", m.dsn(user, ""))
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { pool.Close() })
	return pool
}

func (m *mariadb) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := m.admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// session returns the session of the user app that runs a statement, or waits for a lock.
func (m *mariadb) session(ctx context.Context) (id int, err error) {
	err = m.admin.QueryRowContext(ctx, "SELECT id FROM information_schema.processlist WHERE user = 'app' AND command = 'Query'").Scan(&id)
	return id, err
}

func (m *mariadb) begun(ctx context.Context) error {
	_, err := m.session(ctx)
	return err
}

func (m *mariadb) waits(ctx context.Context) error {
	var id int
	return m.admin.QueryRowContext(ctx, "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'").Scan(&id)
}

func TestMariaDB(t *testing.T) {
	mysql.SetLogger(log.New(io.Discard, "", 0))
	m := startMariaDB(t)
	faulty := newTable(t)
	at := func(dsn string) *faults[*mysqlrecipe.ResilientDB] {
		return &faults[*mysqlrecipe.ResilientDB]{t, "DB", func(opts ...resil.Option) (*mysqlrecipe.ResilientDB, func(), error) {
			pool, err := sql.Open("mysql", dsn)
			if err != nil {
				return nil, nil, err
			}
			pool.SetMaxOpenConns(1)
			db, err := mysqlrecipe.NewResilientDB(pool, opts...)
			return db, func() { pool.Close() }, err
		}, faulty}
	}
	db := at(m.dsn("app", ""))
	exec := func(statement string) func(*mysqlrecipe.ResilientDB) error {
		return func(db *mysqlrecipe.ResilientDB) error {
			_, err := db.ExecContext(t.Context(), statement)
			return err
		}
	}
	ping := func(db *mysqlrecipe.ResilientDB) error { return db.PingContext(t.Context()) }
	once := func(class resil.Class, text string) sign {
		return sign{method: "ExecContext", class: class, attempts: 1, text: text}
	}
	pinged := func(class resil.Class, attempts uint64, text string) sign {
		return sign{method: "PingContext", class: class, attempts: attempts, text: text}
	}
	const sleep, update = "DO SLEEP(60)", "UPDATE t SET v = v + 1 WHERE id = 1"

	db.provoke("duplicate", once(resil.Application, "1062"), exec("INSERT INTO t VALUES (1, 1)"))
	db.provoke("syntax", once(resil.Application, "1064"), exec("SELEKT"))
	db.provoke("no such table", once(resil.Application, "1146"), exec("INSERT INTO nothing VALUES (1)"))
	db.answers(exec("INSERT INTO t VALUES (1, 1)"))
	at("app:wrong@tcp("+m.addr()+")/test").provoke("password", pinged(resil.SystemFault, 1, "1045"), ping)
	at("app:right@tcp("+m.addr()+")/other").provoke("database of others", pinged(resil.SystemFault, 1, "1044"), ping)
	at("admin:right@tcp("+m.addr()+")/other").provoke("no such database", pinged(resil.SystemFault, 1, "1049"), ping)

	m.exec(t, "SET GLOBAL read_only = 1")
	db.provoke("read-only", once(resil.Infrastructure, "1290"), exec(update))
	m.exec(t, "SET GLOBAL read_only = 0")
	db.provoke("read-only transaction", once(resil.Infrastructure, "1792"), exec("BEGIN NOT ATOMIC START TRANSACTION READ ONLY; "+update+"; END"))

	tx := m.connect(t, "admin")
	do := func(statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	do("BEGIN", update)
	at(m.dsn("app", "innodb_lock_wait_timeout=1")).provoke("lock timeout", once(resil.Throttled, "1205"), exec(update))
	at(m.dsn("app", "max_statement_time=0.1")).provoke("statement timeout", once(resil.Infrastructure, "1969"), exec(update))
	do("ROLLBACK")

	// The transaction that has written less gives way.
	do("BEGIN", "INSERT INTO many SELECT seq, 0 FROM seq_1_to_1000", update)
	db.provoke("deadlock", once(resil.Throttled, "1213"), func(db *mysqlrecipe.ResilientDB) error {
		return during(t, m.waits, func() { do("UPDATE t SET v = v + 1 WHERE id = 2", "ROLLBACK") },
			func() error {
				return exec("BEGIN NOT ATOMIC START TRANSACTION; UPDATE t SET v = v + 1 WHERE id = 2; " + update + "; COMMIT; END")(db)
			})
	})
	killing := func(what string) func(*mysqlrecipe.ResilientDB) error {
		return func(db *mysqlrecipe.ResilientDB) error {
			return during(t, m.begun, func() {
				id, err := m.session(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				m.exec(t, fmt.Sprintf("KILL %s %d", what, id))
			}, func() error { return exec("UPDATE t SET v = SLEEP(60)")(db) })
		}
	}
	db.provoke("statement killed", once(resil.Infrastructure, "1317"), killing("QUERY"))
	db.provoke("session killed in mid-call", once(resil.Infrastructure, ""), killing("CONNECTION"))

	one := m.connect(t, "single")
	if _, err := one.ExecContext(t.Context(), "DO 1"); err != nil {
		t.Fatal(err)
	}
	at("single:right@tcp("+m.addr()+")/").provoke("out of connections of a user", pinged(resil.Throttled, 3, "1226"), ping)
	one.Close()
	var full []*sql.DB
	for range 20 {
		other := m.connect(t, "app")
		full = append(full, other)
		if err := other.PingContext(t.Context()); err != nil {
			break
		}
	}
	db.provoke("out of connections", pinged(resil.Throttled, 3, "1040"), ping)
	db.provoke("out of connections, a write", sign{method: "ExecContext", class: resil.Throttled, attempts: 3, text: "1040"}, exec(update))
	for _, other := range full {
		other.Close()
	}
	eventually(t, becomes(0, func(ctx context.Context) (n int, err error) {
		err = m.admin.QueryRowContext(ctx, "SELECT count(*) FROM information_schema.processlist WHERE user = 'app'").Scan(&n)
		return n, err
	}))

	between := newProxy(t, m.addr())
	through := at("app:right@tcp(" + between.Listen + ")/test")
	spoiled := func(fault, toxic string, limit time.Duration) {
		t.Helper()
		through.provoke(fault, sign{method: "ExecContext", class: resil.Infrastructure, attempts: 1, limit: limit}, func(db *mysqlrecipe.ResilientDB) error {
			if err := ping(db); err != nil {
				t.Fatal(err)
			}
			var err error
			between.with(toxic, func() { err = exec(update)(db) })
			return err
		})
	}
	spoiled("answer cut off", cutOff, 0)
	spoiled("reset", reset, 0)
	spoiled("answer swallowed", swallowed, 300*time.Millisecond)
	spoiled("late", late, 300*time.Millisecond)

	hung := pinged(resil.Infrastructure, 3, "")
	hung.limit = 300 * time.Millisecond
	db.provoke("hung", hung, func(db *mysqlrecipe.ResilientDB) error {
		m.hang()
		defer m.resume()
		return ping(db)
	})
	db.outage(300*time.Millisecond, m.hang, m.resume, ping)

	db.provoke("shut down in mid-call", once(resil.Infrastructure, ""), func(db *mysqlrecipe.ResilientDB) error {
		return during(t, m.begun, func() { m.stop(syscall.SIGTERM) }, func() error { return exec("UPDATE t SET v = SLEEP(60)")(db) })
	})
	db.provoke("dead", pinged(resil.Infrastructure, 3, "refused"), ping)
	db.provoke("dead, a write", sign{method: "ExecContext", class: resil.Infrastructure, attempts: 3, text: "refused"}, exec(update))
	m.restart()
	db.provoke("killed in mid-call", once(resil.Infrastructure, ""), func(db *mysqlrecipe.ResilientDB) error {
		return during(t, m.begun, m.kill, func() error { return exec(sleep)(db) })
	})
	m.restart()
	db.outage(usual, m.kill, m.restart, exec(update))
}
