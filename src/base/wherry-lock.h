/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A GMutex that the thread sanitizer can see, and annotations for our own hand-overs.
 *
 * GLib's locks, queues and reference counts are futexes and atomics in a library that is not
 * instrumented, so ThreadSanitizer learns nothing from them and would report every correct use as a
 * race. All of our code therefore takes WherryLock instead of GMutex, counts with wherry_ref_*
 * instead of g_atomic_ref_count_*, and marks what else hands memory from thread to thread. Without
 * the sanitizer everything here is the GLib call and nothing more. */

#include <glib.h>

G_BEGIN_DECLS

#if defined(__SANITIZE_THREAD__)
#define WHERRY_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WHERRY_TSAN 1
#endif
#endif

/* What happened before a release of an address happened before what follows an acquire of it. */
#ifdef WHERRY_TSAN
#include <sanitizer/tsan_interface.h>
#define WHERRY_TSAN_RELEASE(address) __tsan_release ((void *) (address))
#define WHERRY_TSAN_ACQUIRE(address) __tsan_acquire ((void *) (address))
#else
#define WHERRY_TSAN_RELEASE(address) ((void) (address))
#define WHERRY_TSAN_ACQUIRE(address) ((void) (address))
#endif

/* Not recursive. Never held while user code, SCTP (but for its timers') or I/O runs. Thread: any */
typedef struct
{
  GMutex mutex;
} WherryLock;

static inline void
wherry_lock_init (WherryLock *self)
{
  g_mutex_init (&self->mutex);
}

static inline void
wherry_lock_clear (WherryLock *self)
{
  g_mutex_clear (&self->mutex);
}

static inline void
wherry_lock_acquire (WherryLock *self)
{
  g_mutex_lock (&self->mutex);
  WHERRY_TSAN_ACQUIRE (self);
}

static inline void
wherry_lock_release (WherryLock *self)
{
  WHERRY_TSAN_RELEASE (self);
  g_mutex_unlock (&self->mutex);
}

/* g_cond_wait() with this lock, which the caller holds. */
static inline void
wherry_lock_wait (WherryLock *self, GCond *cond)
{
  WHERRY_TSAN_RELEASE (self);
  g_cond_wait (cond, &self->mutex);
  WHERRY_TSAN_ACQUIRE (self);
}

/* The same until end_time_us (monotonic, as g_get_monotonic_time()); FALSE when that has passed. */
static inline gboolean
wherry_lock_wait_until (WherryLock *self, GCond *cond, gint64 end_time_us)
{
  gboolean signaled;

  WHERRY_TSAN_RELEASE (self);
  signaled = g_cond_wait_until (cond, &self->mutex, end_time_us);
  WHERRY_TSAN_ACQUIRE (self);
  return signaled;
}

/* Held until the end of the block: g_autoptr (WherryLocker) locker = wherry_locker_new (&lock); */
typedef WherryLock WherryLocker;

static inline WherryLocker *
wherry_locker_new (WherryLock *lock)
{
  wherry_lock_acquire (lock);
  return lock;
}

static inline void
wherry_locker_free (WherryLocker *locker)
{
  wherry_lock_release (locker);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryLocker, wherry_locker_free)

/* Reference counts. Thread: any */
static inline void
wherry_ref_init (gatomicrefcount *count)
{
  g_atomic_ref_count_init (count);
}

static inline void
wherry_ref_inc (gatomicrefcount *count)
{
  g_atomic_ref_count_inc (count);
}

/* TRUE when that was the last one: every other thread's use happened before. */
static inline gboolean
wherry_ref_dec (gatomicrefcount *count)
{
  WHERRY_TSAN_RELEASE (count);
  if (!g_atomic_ref_count_dec (count))
    return FALSE;
  WHERRY_TSAN_ACQUIRE (count);
  return TRUE;
}

G_END_DECLS
