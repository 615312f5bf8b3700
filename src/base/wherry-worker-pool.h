/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The threads of workers. A thread whose worker has ended parks for a while and is taken for the
 * next one: GnuTLS 3.7.9 keeps 192 bytes for each thread that ever drew a random number, until the
 * process ends. At most WHERRY_PARKED_THREADS_MAX are parked; each ends by itself after
 * WHERRY_PARKED_IDLE_US. One pool for the process. */

#include "base/wherry-clock.h"

G_BEGIN_DECLS

/* One call of a function on a thread of the pool. */
typedef struct _WherryWorkerRun WherryWorkerRun;

/* Call func (data) on a parked thread, else on a new one, under this name (the kernel shows 15
 * bytes). NULL when the system has no thread left: G_THREAD_ERROR. (transfer full). Thread: any */
WherryWorkerRun *wherry_worker_pool_run (const char *name, void (*func) (gpointer), gpointer data,
                                         GError **error);
/* Wait until the call has returned and its thread is parked or about to end. Thread: any other */
void wherry_worker_run_wait (WherryWorkerRun *self);
void wherry_worker_run_unref (WherryWorkerRun *self); /* Thread: any */

guint wherry_worker_pool_get_n_parked (void); /* Thread: any */

/* End the parked threads and join every thread that has ended. Returns how many still run a call:
 * those park as usual, for another drain. Thread: any but the pool's */
guint wherry_worker_pool_drain (void);

/* Free what malloc keeps for each parked thread of what that has freed, some 100 KiB scattered over
 * as many pages: before malloc_trim(), and once more after it, since malloc refills a cache with
 * equal blocks from nearby as long as there are any. Waits for one thread after another, where the
 * processors are busy for a millisecond each: not for the hub. Thread: any but the pool's */
void wherry_worker_pool_trim (void);

/* What the idle time is measured with: NULL, the system's clock. Thread: any */
void wherry_worker_pool_set_clock (WherryClock *clock);
/* Let the parked threads look at the clock, which the test has moved. Thread: any */
void wherry_worker_pool_check_idle (void);

G_END_DECLS
