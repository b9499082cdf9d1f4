#pragma once

namespace retaind::store {

/// The name of a VFS that does as the one named `base` (nullptr: SQLite's own), but writes the
/// frames that a commit appends to the WAL in one system call instead of two a page. They reach the
/// file with the flush that makes the commit durable, so it serves only connections that flush
/// (synchronous = FULL). nullptr when there is no such VFS.
const char* wal_writer(const char* base);

}  // namespace retaind::store
