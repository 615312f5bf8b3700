/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include <usrsctp.h>

#include "fixtures/wherry-wait.h"
#include "sctp/wherry-sctp-runtime.h"

/* usrsctp itself, two sockets: the other side's ABORT comes in while sctp-timer is about to handle
 * a timer of the association. What usrsctp 0.9.5 does then it never frees, if it may. */

#define PORT 5000
#define RTO_MS 20
#define N_ROUNDS 10u /* one of three shows it */
#define ABORT 6

typedef struct
{
  WherrySctpEndpoint *endpoint;
  struct socket *so;
  GQueue *to_peer;     /* of GBytes */
  gboolean stalls;     /* in its next packet, until sctp-timer stands */
  gboolean asks_other; /* whether it can enter then */
  GThread *other;
  int has_entered; /* atomic */
} Side;

/* sctp-timer does not come any further: it waits for the association in which we are. */
static void
wait_for_timer_to_stand (void)
{
  gint64 end_us = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  gint64 since_us = g_get_monotonic_time ();
  guint64 ticks = wherry_sctp_runtime_get_ticks ();

  while (g_get_monotonic_time () - since_us < 3 * RTO_MS * 1000)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_thread_yield ();
      if (wherry_sctp_runtime_get_ticks () == ticks)
        continue;
      ticks = wherry_sctp_runtime_get_ticks ();
      since_us = g_get_monotonic_time ();
    }
}

static gpointer
enter_too (gpointer data)
{
  static const WherrySctpEndpointFuncs none = { 0 };
  g_autoptr (GMainContext) context = g_main_context_new ();
  WherrySctpEndpoint *endpoint = wherry_sctp_endpoint_new (context, &none, NULL, NULL);

  wherry_sctp_endpoint_enter (endpoint);
  g_atomic_int_set ((int *) data, 1);
  wherry_sctp_endpoint_leave (endpoint);
  wherry_sctp_endpoint_close (endpoint);
  return NULL;
}

/* While it stands there, no other thread begins a call. FALSE: it does not stand there, but had to
 * wait for a processor. */
static gboolean
check_nobody_enters (Side *self)
{
  gint64 begin_us = g_get_monotonic_time ();
  guint64 ticks = wherry_sctp_runtime_get_ticks ();

  self->has_entered = 0;
  self->other = g_thread_new ("other", enter_too, &self->has_entered);
  while (g_get_monotonic_time () - begin_us < 5 * RTO_MS * 1000)
    g_thread_yield ();
  if (g_atomic_int_get (&self->has_entered) == 0)
    return TRUE;
  while (wherry_sctp_runtime_get_ticks () == ticks)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, begin_us + 10 * G_USEC_PER_SEC);
      g_thread_yield ();
    }
  g_thread_join (g_steal_pointer (&self->other));
  return FALSE;
}

static void
on_packet_out (gpointer user_data, const guint8 *data, gsize length)
{
  Side *self = user_data;

  g_queue_push_tail (self->to_peer, g_bytes_new (data, length));
  if (!self->stalls)
    return;
  self->stalls = FALSE;
  do
    wait_for_timer_to_stand ();
  while (self->asks_other && !check_nobody_enters (self));
}

static void
on_changed (gpointer user_data, gboolean late)
{
}

static const WherrySctpEndpointFuncs funcs = {
  .packet_out = on_packet_out,
  .packet_late = on_packet_out,
  .changed = on_changed,
};

static void
side_init (Side *self)
{
  struct sockaddr_conn address = { .sconn_family = AF_CONN, .sconn_port = g_htons (PORT) };
  const struct linger linger = { .l_onoff = 1 };
  const struct sctp_rtoinfo rto
      = { .srto_initial = RTO_MS, .srto_min = RTO_MS, .srto_max = 10 * RTO_MS };
  g_autoptr (GError) error = NULL;

  *self = (Side){ .to_peer = g_queue_new () };
  self->endpoint = wherry_sctp_endpoint_new (g_main_context_default (), &funcs, self, &error);
  g_assert_no_error (error);
  self->so = usrsctp_socket (AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  g_assert_nonnull (self->so);
  g_assert_cmpint (usrsctp_set_non_blocking (self->so, 1), ==, 0);
  g_assert_cmpint (usrsctp_setsockopt (self->so, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), ==,
                   0);
  g_assert_cmpint (usrsctp_setsockopt (self->so, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof rto), ==,
                   0);
  address.sconn_addr = wherry_sctp_endpoint_get_address (self->endpoint);
  g_assert_cmpint (usrsctp_bind (self->so, (struct sockaddr *) &address, sizeof address), ==, 0);
  wherry_sctp_endpoint_enter (self->endpoint);
  usrsctp_connect (self->so, (struct sockaddr *) &address, sizeof address);
  wherry_sctp_endpoint_leave (self->endpoint);
}

static void
side_close (Side *self)
{
  wherry_sctp_runtime_stop_timers ();
  wherry_sctp_endpoint_enter (self->endpoint);
  usrsctp_close (self->so);
  wherry_sctp_endpoint_leave (self->endpoint);
  wherry_sctp_runtime_start_timers ();
}

static void
side_clear (Side *self)
{
  wherry_sctp_endpoint_close (self->endpoint);
  g_queue_free_full (self->to_peer, (GDestroyNotify) g_bytes_unref);
}

static void
side_send (Side *self)
{
  gssize sent;

  wherry_sctp_endpoint_enter (self->endpoint);
  sent = usrsctp_sendv (self->so, "x", 1, NULL, 0, NULL, 0, SCTP_SENDV_NOINFO, 0);
  wherry_sctp_endpoint_leave (self->endpoint);
  g_assert_cmpint (sent, ==, 1);
}

/* FALSE: there was nothing. */
static gboolean
carry (Side *from, Side *to)
{
  g_autoptr (GBytes) packet = g_queue_pop_head (from->to_peer);
  const guint8 *data;
  gsize length;

  if (packet == NULL)
    return FALSE;
  data = g_bytes_get_data (packet, &length);
  wherry_sctp_endpoint_enter (to->endpoint);
  usrsctp_conninput (wherry_sctp_endpoint_get_address (to->endpoint), data, length, 0);
  wherry_sctp_endpoint_leave (to->endpoint);
  return TRUE;
}

static gboolean
is_connected (Side *self)
{
  struct sctp_status status = { 0 };
  socklen_t length = sizeof status;

  return usrsctp_getsockopt (self->so, IPPROTO_SCTP, SCTP_STATUS, &status, &length) == 0
         && status.sstat_state == SCTP_ESTABLISHED;
}

static void
abort_once (gboolean asks_other)
{
  Side a, b;
  GBytes *last;
  guint64 ticks;

  side_init (&a);
  side_init (&b);
  while (carry (&a, &b) || carry (&b, &a))
    ;
  g_assert_true (is_connected (&a) && is_connected (&b));

  side_send (&b); /* its timer waits for an acknowledgement */
  side_send (&a);
  side_close (&a);
  last = g_queue_peek_tail (a.to_peer);
  g_assert_cmpint (((const guint8 *) g_bytes_get_data (last, NULL))[12], ==, ABORT);
  b.asks_other = asks_other;
  b.stalls = TRUE; /* in its acknowledgement, and sctp-timer then with its timer */
  while (g_queue_get_length (a.to_peer) > 1)
    carry (&a, &b);
  g_assert_false (b.stalls);
  if (asks_other)
    g_thread_join (b.other);

  wherry_sctp_runtime_stop_timers ();
  carry (&a, &b);
  wherry_sctp_runtime_start_timers ();
  ticks = wherry_sctp_runtime_get_ticks ();
  WHERRY_WAIT_UNTIL (NULL, wherry_sctp_runtime_get_ticks () > ticks + 5);
  side_close (&b);
  side_clear (&a);
  side_clear (&b);
  g_assert_true (wherry_sctp_runtime_shutdown ());
}

static void
test_abort (void)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    abort_once (FALSE);
}

static void
test_one_at_a_time (void)
{
  abort_once (TRUE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/late-timer/abort", test_abort);
  g_test_add_func ("/sctp/late-timer/one-at-a-time", test_one_at_a_time);
  return g_test_run ();
}
