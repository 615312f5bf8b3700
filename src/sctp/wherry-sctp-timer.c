/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <usrsctp.h>

#include "base/wherry-error.h"
#include "base/wherry-lock.h"

#include "sctp/wherry-sctp-options.h"
#include "sctp/wherry-sctp-runtime.h"
#include "sctp/wherry-sctp-timer.h"

/* usrsctp's own timer granularity: one tick is 10 ms. */
#define TICK_US 10000
/* A late driver must not make everything that was armed meanwhile fire at once. */
#define TICK_MAX_US (10 * TICK_US)
/* While there are only heartbeats. */
#define SLOW_TICK_US (500 * G_TIME_SPAN_MILLISECOND)
/* No retransmission is further away than RTO.Max. */
#define QUIET_US (WHERRY_SCTP_RTO_MAX_MS * G_TIME_SPAN_MILLISECOND + G_USEC_PER_SEC)
/* After the last endpoint: usrsctp frees what a timer still referenced 20 ms later. */
#define GRACE_TICKS 10

static struct
{
  WherryLock lock;
  GCond cond; /* needed, stop or slow changed */

  /* under lock */
  GThread *thread;
  gboolean needed;
  gboolean stop;
  gboolean awake; /* it ticks */
  guint64 ticks;
  gint64 last_us;  /* so far usrsctp's time has come */
  gint64 quiet_us; /* QUIET_US, but for tests */

  /* any thread: atomic; written under lock */
  int slow; /* a tick is SLOW_TICK_US */
} timer = { .quiet_us = QUIET_US };

/* any thread: atomic. Something was armed, or may have been, since the last tick. */
static int busy;

/* sctp-timer is in usrsctp, or a peer ends something there. Taken before timer.lock. */
static WherryLock timers;
static int driving; /* any thread: atomic; written under both locks */

/* ---- how fast time goes ---- */

/* Time has stood still since the last tick, and nobody minds: what is armed now is armed from here,
 * and a heartbeat may be half a second late. */
static void
hurry (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&timer.lock);

  if (__atomic_load_n (&timer.slow, __ATOMIC_RELAXED) == 0)
    return;
  timer.last_us = g_get_monotonic_time ();
  __atomic_store_n (&timer.slow, 0, __ATOMIC_SEQ_CST);
  g_cond_signal (&timer.cond);
}

/* First one, then the other: slow_down_locked() has them the other way round, so that one of the
 * two sees what the other did. */
void
wherry_sctp_timer_note_busy (void)
{
  if (__atomic_load_n (&busy, __ATOMIC_SEQ_CST) == 0)
    __atomic_store_n (&busy, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n (&timer.slow, __ATOMIC_SEQ_CST) != 0)
    hurry ();
}

static void
slow_down_locked (void)
{
  __atomic_store_n (&timer.slow, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n (&busy, __ATOMIC_SEQ_CST) != 0)
    __atomic_store_n (&timer.slow, 0, __ATOMIC_SEQ_CST);
}

static gboolean
is_slow_locked (void)
{
  return __atomic_load_n (&timer.slow, __ATOMIC_RELAXED) != 0;
}

/* In milliseconds; the remainder stays for the next time, since usrsctp never moves by 0. */
static guint32
take_elapsed_locked (void)
{
  gint64 max_us = is_slow_locked () ? SLOW_TICK_US + TICK_MAX_US : TICK_MAX_US;
  gint64 now_us = g_get_monotonic_time ();
  gint64 elapsed_us = now_us - timer.last_us;

  if (elapsed_us > max_us)
    {
      elapsed_us = max_us;
      timer.last_us = now_us - elapsed_us;
    }
  timer.last_us += elapsed_us / 1000 * 1000;
  return (guint32) (elapsed_us / 1000);
}

/* ---- the thread ---- */

/* Who hurries comes before the time is taken, and then there is none to speak of; or finds us
 * driving, and waits. So what it arms is never overtaken by the time that was before. */
static void
drive (void)
{
  guint32 elapsed_ms;

  wherry_lock_acquire (&timers);
  wherry_lock_acquire (&timer.lock);
  elapsed_ms = take_elapsed_locked ();
  timer.ticks += elapsed_ms > 0;
  __atomic_store_n (&driving, 1, __ATOMIC_RELAXED);
  wherry_lock_release (&timer.lock);
  if (elapsed_ms > 0)
    usrsctp_handle_timers (elapsed_ms);
  __atomic_store_n (&driving, 0, __ATOMIC_RELAXED);
  wherry_lock_release (&timers);
}

/* usrsctp 0.9.5 looks up whose timer it has taken off its queue without a lock. Were that one
 * stopped, started and stopped again meanwhile, its references to the association would be
 * forgotten and neither ever freed: seen once in some ten thousand associations where sctp-timer
 * had to wait for a processor just then. One call does not do that much, so no new one begins. */
void
wherry_sctp_timer_let_end (void)
{
  if (__atomic_load_n (&driving, __ATOMIC_RELAXED) == 0)
    return;
  wherry_lock_acquire (&timers);
  wherry_lock_release (&timers);
}

void
wherry_sctp_runtime_stop_timers (void)
{
  wherry_lock_acquire (&timers);
}

void
wherry_sctp_runtime_start_timers (void)
{
  wherry_lock_release (&timers);
}

/* Until there is an endpoint. */
static void
sleep_locked (void)
{
  timer.awake = FALSE;
  __atomic_store_n (&timer.slow, 0, __ATOMIC_SEQ_CST);
  wherry_lock_wait (&timer.lock, &timer.cond);
  timer.awake = timer.needed;
  /* time stood still for usrsctp: what is armed now is armed from here */
  timer.last_us = g_get_monotonic_time ();
}

static void
wait_tick_locked (void)
{
  gint64 tick_us = is_slow_locked () ? SLOW_TICK_US : TICK_US;

  wherry_lock_wait_until (&timer.lock, &timer.cond, g_get_monotonic_time () + tick_us);
}

static gpointer
timer_main (gpointer data)
{
  gint64 busy_us = g_get_monotonic_time ();
  guint grace = 0;

  wherry_lock_acquire (&timer.lock);
  timer.last_us = busy_us;
  while (!timer.stop)
    {
      if (timer.needed)
        grace = GRACE_TICKS;
      if (grace == 0)
        {
          sleep_locked ();
          busy_us = timer.last_us;
          continue;
        }
      wait_tick_locked ();
      if (g_get_monotonic_time () - timer.last_us < 1000)
        continue;
      grace--;
      wherry_lock_release (&timer.lock);
      drive ();
      wherry_lock_acquire (&timer.lock);
      if (__atomic_exchange_n (&busy, 0, __ATOMIC_SEQ_CST) != 0)
        busy_us = g_get_monotonic_time ();
      else if (timer.needed && g_get_monotonic_time () - busy_us > timer.quiet_us)
        slow_down_locked ();
    }
  wherry_lock_release (&timer.lock);
  return NULL;
}

gboolean
wherry_sctp_timer_start (GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&timer.lock);
  g_autoptr (GError) cause = NULL;

  timer.stop = FALSE;
  timer.thread = g_thread_try_new ("sctp-timer", timer_main, NULL, &cause);
  if (timer.thread == NULL)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
                 "Starting the thread that drives SCTP: %s", cause->message);
  return timer.thread != NULL;
}

gboolean
wherry_sctp_timer_is_running (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&timer.lock);

  return timer.thread != NULL;
}

void
wherry_sctp_timer_stop (void)
{
  GThread *thread;

  wherry_lock_acquire (&timer.lock);
  thread = g_steal_pointer (&timer.thread);
  timer.stop = TRUE;
  g_cond_signal (&timer.cond);
  wherry_lock_release (&timer.lock);
  if (thread == NULL)
    return;
  g_thread_join (thread);

  wherry_lock_acquire (&timer.lock);
  timer.awake = FALSE;
  wherry_lock_release (&timer.lock);
}

void
wherry_sctp_timer_set_needed (gboolean needed)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&timer.lock);

  timer.needed = needed;
  timer.awake |= needed;
  /* the ticks that free what is left are not to be slow ones */
  __atomic_store_n (&timer.slow, 0, __ATOMIC_SEQ_CST);
  g_cond_signal (&timer.cond);
}

/* ---- what others may know ---- */

guint64
wherry_sctp_runtime_get_ticks (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&timer.lock);

  return timer.ticks;
}

gboolean
wherry_sctp_runtime_is_idle (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&timer.lock);

  return !timer.awake;
}

gboolean
wherry_sctp_runtime_is_slow (void)
{
  return __atomic_load_n (&timer.slow, __ATOMIC_SEQ_CST) != 0;
}

void
wherry_sctp_runtime_set_quiet (gint64 quiet_us)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&timer.lock);

  timer.quiet_us = quiet_us != 0 ? quiet_us : QUIET_US;
}
