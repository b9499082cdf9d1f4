#pragma once
#include "store/database.h"

namespace retaind::store {

/// The name of a VFS that does as the one named `base` (nullptr: SQLite's own), but writes the
/// frames that a commit appends to the WAL in one system call instead of two a page. They reach the
/// file with the flush that makes the commit durable, so it serves only connections that flush
/// (synchronous = FULL). nullptr when there is no such VFS.
const char* wal_writer(const char* base);

/// After every rollback: frames that the transaction had written before its end are let go. They
/// must not reach the file later, when another process may have put its own in their place.
void forget_rolled_back(Database& database);

/// Lengthens the WAL while nobody waits: a commit that makes a file longer makes its file system
/// write its journal, with what everybody else has changed, and takes ten times as long now and
/// then. Does nothing where there is room for some commits, while somebody else writes, or without
/// a WAL of the VFS above. The zeros are no frame to SQLite, as what is left of older frames behind
/// a restarted WAL is none.
void make_wal_room(Database& database);

}  // namespace retaind::store
