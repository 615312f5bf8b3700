/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "sctp-pair.h"
#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-chunks.h"
#include "sctp/wherry-sctp-runtime.h"

/* How fast sctp-timer ticks, and that nobody's timer is early or late for it. */

/* A tick is 10 ms, and a time is taken down to the millisecond. */
#define EARLY_US (12 * G_TIME_SPAN_MILLISECOND)
/* A delayed acknowledgement: usrsctp's, for each second packet at the latest. */
#define DELAY_US (200 * G_TIME_SPAN_MILLISECOND)
/* The slow tick of wherry-sctp-timer.c would be half a second late. */
#define LATE_US (100 * G_TIME_SPAN_MILLISECOND)
#define ATTEMPTS 5u
/* More than the first retransmission takes. */
#define QUIET_US (500 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  Pair pair;
  guint8 chunk;    /* whose packets are looked at */
  gboolean drops;  /* the first one of them */
  guint n;         /* of them */
  gint64 first_us; /* when it came */
  gint64 last_us;
} Fixture;

static gboolean
look (const guint8 *packet, gsize length, gpointer user_data)
{
  Fixture *self = user_data;

  if (packet[WHERRY_SCTP_COMMON_HEADER] != self->chunk)
    return TRUE;
  self->last_us = g_get_monotonic_time ();
  if (self->n++ > 0)
    return TRUE;
  self->first_us = self->last_us;
  return !self->drops;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  const WherrySctpConfig config = { .no_interleaving = TRUE };

  *self = (Fixture){ 0 };
  wherry_sctp_runtime_set_quiet (QUIET_US);
  pair_init (&self->pair, NULL, &config);
  pair_wait_connected (&self->pair);
  WHERRY_WAIT_UNTIL (self->pair.context, wherry_sctp_runtime_is_slow ());
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  pair_clear (&self->pair);
  wherry_sctp_runtime_set_quiet (0);
}

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
run_for_ms (Fixture *self, guint ms)
{
  gboolean done = FALSE;

  g_timeout_add (ms, on_timeout, &done);
  WHERRY_WAIT_UNTIL (self->pair.context, done);
}

static void
send_one (Fixture *self)
{
  self->n = 0;
  send_made (&self->pair, &self->pair.a, 1, &send_reliable, WHERRY_MESSAGE_TEXT, 10, 1);
}

static void
test_slow (Fixture *self, gconstpointer data)
{
  guint64 ticks = wherry_sctp_runtime_get_ticks ();

  run_for_ms (self, 1200);
  g_assert_cmpuint (wherry_sctp_runtime_get_ticks () - ticks, <=, 3);
  g_assert_true (wherry_sctp_runtime_is_slow ());

  ticks = wherry_sctp_runtime_get_ticks ();
  send_one (self);
  g_assert_false (wherry_sctp_runtime_is_slow ());
  WHERRY_WAIT_UNTIL (self->pair.context, wherry_sctp_runtime_get_ticks () > ticks + 2);
  WHERRY_WAIT_UNTIL (self->pair.context, wherry_sctp_runtime_is_slow ());
}

/* Between two slow ticks, so that much of one has gone by. */
static void
run_for_part_of_a_tick (Fixture *self)
{
  guint64 ticks = wherry_sctp_runtime_get_ticks ();

  WHERRY_WAIT_UNTIL (self->pair.context,
                     wherry_sctp_runtime_get_ticks () > ticks && wherry_sctp_runtime_is_slow ());
  run_for_ms (self, 350);
}

static gint64
get_rto_us (Side *side)
{
  WherrySctpAssociation *association = WHERRY_SCTP_ASSOCIATION (side->transport);
  struct sctp_paddrinfo info = { 0 };
  struct sockaddr_conn address
      = { .sconn_family = AF_CONN,
          .sconn_port = g_htons (5000),
          .sconn_addr = wherry_sctp_endpoint_get_address (association->endpoint) };
  socklen_t length = sizeof info;

  memcpy (&info.spinfo_address, &address, sizeof address);
  g_assert_cmpint (usrsctp_getsockopt (association->so, IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO,
                                       &info, &length),
                   ==, 0);
  return info.spinfo_rto * G_TIME_SPAN_MILLISECOND;
}

/* From the first to the second time that it is sent, less what that should take. */
static gint64
retransmit (Fixture *self)
{
  gint64 rto_us = get_rto_us (&self->pair.a);

  g_assert_cmpint (rto_us, <, QUIET_US);
  self->chunk = WHERRY_SCTP_CHUNK_DATA;
  self->drops = TRUE;
  wherry_fake_link_set_filter (self->pair.a.link, look, self);
  send_one (self);
  WHERRY_WAIT_UNTIL (self->pair.context, self->pair.b.n_received == 1);
  g_assert_cmpuint (self->n, ==, 2);
  return self->last_us - self->first_us - rto_us;
}

static gint64
acknowledge (Fixture *self)
{
  gint64 sent_us;

  self->chunk = WHERRY_SCTP_CHUNK_SACK;
  wherry_fake_link_set_filter (self->pair.b.link, look, self);
  send_one (self); /* the first data of all is acknowledged at once */
  WHERRY_WAIT_UNTIL (self->pair.context, self->n == 1);
  run_for_part_of_a_tick (self);
  sent_us = g_get_monotonic_time ();
  send_one (self);
  WHERRY_WAIT_UNTIL (self->pair.context, self->n == 1);
  return self->first_us - sent_us - DELAY_US;
}

/* The machine may be busy, so one of the attempts has to be in time; none may be early. */
static void
check_in_time (Fixture *self, gint64 (*func) (Fixture *self))
{
  for (guint i = 0; i < ATTEMPTS; i++)
    {
      gint64 late_us;

      if (i > 0)
        {
          tear_down (self, NULL);
          set_up (self, NULL);
        }
      run_for_part_of_a_tick (self);
      late_us = func (self);
      g_test_message ("%" G_GINT64_FORMAT " us late", late_us);
      g_assert_cmpint (late_us, >=, -EARLY_US);
      if (late_us < LATE_US)
        return;
    }
  g_assert_not_reached ();
}

static void
test_retransmission (Fixture *self, gconstpointer data)
{
  check_in_time (self, retransmit);
}

static void
test_acknowledgement (Fixture *self, gconstpointer data)
{
  check_in_time (self, acknowledge);
}

static void
demand_heartbeat (Side *side)
{
  WherrySctpAssociation *association = WHERRY_SCTP_ASSOCIATION (side->transport);
  struct sctp_paddrparams path = { .spp_flags = SPP_HB_DEMAND };
  struct sockaddr_conn address
      = { .sconn_family = AF_CONN,
          .sconn_port = g_htons (5000),
          .sconn_addr = wherry_sctp_endpoint_get_address (association->endpoint) };
  int result;

  memcpy (&path.spp_address, &address, sizeof address);
  wherry_sctp_endpoint_enter_quietly (association->endpoint);
  result = usrsctp_setsockopt (association->so, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path,
                               sizeof path);
  wherry_sctp_endpoint_leave (association->endpoint);
  g_assert_cmpint (result, ==, 0);
  wherry_sctp_association_schedule (association);
}

/* Neither the one that gets it hurries, nor the one that gets the answer. */
static void
test_heartbeat (Fixture *self, gconstpointer data)
{
  self->chunk = WHERRY_SCTP_CHUNK_HEARTBEAT_ACK;
  wherry_fake_link_set_filter (self->pair.b.link, look, self);
  demand_heartbeat (&self->pair.a);
  WHERRY_WAIT_UNTIL (self->pair.context, self->n == 1);
  run_for_ms (self, 20); /* the answer's way */
  g_assert_true (wherry_sctp_runtime_is_slow ());

  /* and everything goes on as before */
  send_one (self);
  WHERRY_WAIT_UNTIL (self->pair.context, self->pair.b.n_received == 1);
}

#define ADD(name, func) g_test_add ("/sctp/timer/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("slow-when-quiet", test_slow);
  ADD ("retransmission", test_retransmission);
  ADD ("acknowledgement", test_acknowledgement);
  ADD ("heartbeat", test_heartbeat);
  return run_and_shut_down ();
}
