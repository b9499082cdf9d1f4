#pragma once

// Whether sanitizers watch this program: its frames are larger then, and its allocations are
// theirs.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RETAIND_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RETAIND_SANITIZED 1
#endif
#endif
#ifndef RETAIND_SANITIZED
#define RETAIND_SANITIZED 0
#endif
