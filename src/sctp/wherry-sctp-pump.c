/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <string.h>

#include "base/wherry-clock.h"
#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-chunks.h"

/* Behind the first chunk's header: INIT's initiate tag, SACK's cumulative TSN (RFC 9260 sections
 * 3.3.2 and 3.3.4). */
#define FIRST_CHUNK WHERRY_SCTP_COMMON_HEADER
#define FIRST_FIELD (FIRST_CHUNK + WHERRY_SCTP_CHUNK_HEADER)

/* Packets in, before their acknowledgements and what those make room for go out. */
#define BURST_MAX 32u
/* Bytes that an association keeps for what it sends next: a member that is silent holds no more. */
#define PACKETS_KEPT (4u * WHERRY_KIB)

/* ---- packets out ---- */

static void
flush (WherrySctpAssociation *self)
{
  g_autofree GOutputVector *vectors = NULL;
  g_autoptr (GError) error = NULL;
  WherrySctpPackets packets = self->packets;
  gsize offset = 0;
  guint n = packets.lengths->len;

  if (n == 0)
    return;
  /* what the lower transport does in send() may come back here */
  self->packets.bytes = g_byte_array_new ();
  self->packets.lengths = g_array_new (FALSE, FALSE, sizeof (gsize));

  vectors = g_new (GOutputVector, n);
  for (guint i = 0; i < n; i++)
    {
      vectors[i].buffer = packets.bytes->data + offset;
      vectors[i].size = g_array_index (packets.lengths, gsize, i);
      offset += vectors[i].size;
    }
  if (!wherry_packet_transport_send (self->lower, vectors, n, &error))
    wherry_debug (&self->log, "SCTP packets were not sent: %s", error->message);

  /* keep the larger memory for the next time, unless it is much, or somebody began to fill the new
   * one */
  if (self->packets.lengths->len == 0 && packets.bytes->len <= PACKETS_KEPT)
    {
      WherrySctpPackets fresh = self->packets;

      g_byte_array_set_size (packets.bytes, 0);
      g_array_set_size (packets.lengths, 0);
      self->packets = packets;
      packets = fresh;
    }
  g_byte_array_unref (packets.bytes);
  g_array_unref (packets.lengths);
}

void
wherry_sctp_association_cork (WherrySctpAssociation *self)
{
  self->corked++;
}

void
wherry_sctp_association_uncork (WherrySctpAssociation *self)
{
  g_return_if_fail (self->corked > 0);
  if (self->corked == 1 && self->so != NULL && (self->tail.message != NULL || self->bundles))
    wherry_sctp_association_flush_tail (self);
  if (self->corked == 1 && self->so != NULL && wherry_sctp_turns_is_shared (&self->turns))
    wherry_sctp_association_nudge (self);
  if (--self->corked == 0)
    flush (self);
}

void
wherry_sctp_association_end_burst (gpointer data)
{
  g_autoptr (WherrySctpAssociation) self = g_object_ref (data);

  if (self->burst == 0)
    return;
  self->burst = 0;
  wherry_sctp_association_uncork (self);
}

void
wherry_sctp_association_join_burst (WherrySctpAssociation *self)
{
  if (self->burst == BURST_MAX)
    wherry_sctp_association_end_burst (self);
  if (self->burst++ > 0)
    return;
  wherry_sctp_association_cork (self);
  wherry_loop_end_request (self->burst_end);
}

void
wherry_sctp_association_add_packet (WherrySctpAssociation *self, const guint8 *data, gsize length)
{
  wherry_sctp_flight_packet_out (&self->flight, data, length);
  /* our INIT, and INIT ACK if the other side's INIT came first, have the same (RFC 9260 section
   * 5.2.1) */
  if (self->state != WHERRY_TRANSPORT_CONNECTED && length >= FIRST_FIELD + sizeof self->own_tag
      && (data[FIRST_CHUNK] == WHERRY_SCTP_CHUNK_INIT
          || data[FIRST_CHUNK] == WHERRY_SCTP_CHUNK_INIT_ACK))
    memcpy (self->own_tag, data + FIRST_FIELD, sizeof self->own_tag);
  if (length >= FIRST_FIELD + 4 && data[FIRST_CHUNK] == WHERRY_SCTP_CHUNK_SACK)
    self->acked = wherry_sctp_get_u32 (data + FIRST_FIELD);
  g_byte_array_append (self->packets.bytes, data, (guint) length);
  g_array_append_val (self->packets.lengths, length);
}

/* ---- the end ---- */

void
wherry_sctp_association_release (WherrySctpAssociation *self)
{
  if (self->so != NULL)
    {
      struct socket *so = g_steal_pointer (&self->so);

      /* SO_LINGER {1, 0}: an ABORT (RFC 9260 section 9.1) if the other side is still there */
      wherry_sctp_runtime_stop_timers ();
      WHERRY_SCTP_CALL (self, usrsctp_close (so));
      wherry_sctp_runtime_start_timers ();
      wherry_sctp_runtime_count_socket (-1);
      flush (self);
    }
  wherry_sctp_association_clear_received (self);
  g_clear_pointer (&self->holder, wherry_budget_holder_free);
  g_clear_pointer (&self->endpoint, wherry_sctp_endpoint_close);
  wherry_sctp_association_clear_send (self);
  wherry_sctp_association_clear_streams (self);
  g_clear_pointer (&self->held_reset, g_byte_array_unref);
  wherry_clock_clear_source (&self->continuation);
}

gboolean
wherry_sctp_association_is_ended (WherrySctpAssociation *self)
{
  return self->state == WHERRY_TRANSPORT_FAILED || self->state == WHERRY_TRANSPORT_CLOSED;
}

void
wherry_sctp_association_set_state (WherrySctpAssociation *self, WherryTransportState state,
                                   const GError *error)
{
  self->state = state;
  wherry_debug (&self->log, "SCTP association is %s%s%s", wherry_transport_state_to_string (state),
                error != NULL ? ": " : "", error != NULL ? error->message : "");
  if (self->events != NULL && self->events->state != NULL)
    self->events->state (self->user_data, state, error);
}

/* What was acknowledged is delivered first, paused or not. */
static void
carry_out_end (WherrySctpAssociation *self)
{
  g_autoptr (GError) error = NULL;

  self->draining = TRUE;
  if (self->so != NULL)
    wherry_sctp_association_receive (self);
  if (wherry_sctp_association_is_ended (self))
    return; /* closed by a message's handler */
  error = g_steal_pointer (&self->end_error);
  wherry_packet_transport_set_events (self->lower, NULL, NULL);
  wherry_sctp_association_release (self);
  wherry_sctp_association_set_state (self, self->end_state, error);
}

/* All peers together hold more unfinished messages than they may, and this one most of all. */
static void
look_at_holder (WherrySctpAssociation *self)
{
  if (self->holder == NULL || self->end_error != NULL
      || !wherry_budget_holder_must_go (self->holder))
    return;
  wherry_counter_inc (WHERRY_COUNTER_SCTP_UNFINISHED);
  wherry_sctp_association_end (
      self, WHERRY_TRANSPORT_FAILED,
      g_error_new (WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "It held %" G_GSIZE_FORMAT
                   " bytes of unfinished messages, the most of all, when there were too many",
                   self->unfinished_bytes + self->pieces_charged));
}

/* While nobody listens there may be messages to hand over first. */
static gboolean
end_is_due (WherrySctpAssociation *self)
{
  return self->end_error != NULL && !wherry_sctp_association_is_ended (self)
         && self->events != NULL;
}

gboolean
wherry_sctp_association_is_open (WherrySctpAssociation *self)
{
  struct sctp_status status = { 0 };
  socklen_t length = sizeof status;

  return usrsctp_getsockopt (self->so, IPPROTO_SCTP, SCTP_STATUS, &status, &length) == 0
         && status.sstat_state != SCTP_CLOSED;
}

/* The socket ended while we do not read: the notification is behind what is unread. */
static void
look_for_end (WherrySctpAssociation *self)
{
  if (wherry_sctp_association_is_open (self))
    return;
  wherry_sctp_association_end (self, WHERRY_TRANSPORT_CLOSED,
                               g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                            "The other side ended the SCTP association"));
}

void
wherry_sctp_association_pump (WherrySctpAssociation *self)
{
  gboolean more = FALSE;

  if (self->pumping || wherry_sctp_association_is_ended (self))
    return;
  g_object_ref (self);
  self->pumping = TRUE;
  wherry_sctp_association_cork (self);

  if (self->start_due)
    wherry_sctp_association_start_due (self);
  if (self->so != NULL)
    wherry_sctp_association_release_reset (self);
  self->changed = FALSE;
  look_at_holder (self);
  if (self->so != NULL && self->end_error == NULL)
    {
      if (wherry_sctp_association_may_read (self))
        more = wherry_sctp_association_receive (self);
      else
        look_for_end (self);
    }
  if (self->so != NULL && self->end_error == NULL)
    wherry_sctp_association_continue_send (self);
  if (self->so != NULL && self->end_error == NULL)
    wherry_sctp_association_continue_streams (self);
  if (end_is_due (self))
    carry_out_end (self);
  if (self->so != NULL && (more || self->changed))
    wherry_sctp_association_schedule (self);

  self->pumping = FALSE;
  wherry_sctp_association_uncork (self);
  g_object_unref (self);
}

static gboolean
on_continuation (gpointer user_data)
{
  WherrySctpAssociation *self = user_data;

  g_clear_pointer (&self->continuation, g_source_unref);
  wherry_sctp_association_pump (self);
  return G_SOURCE_REMOVE;
}

void
wherry_sctp_association_schedule (WherrySctpAssociation *self)
{
  if (self->continuation != NULL || wherry_sctp_association_is_ended (self))
    return;
  self->continuation = g_idle_source_new ();
  g_source_set_priority (self->continuation, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->continuation, on_continuation, g_object_ref (self), g_object_unref);
  g_source_attach (self->continuation, self->context);
}

void
wherry_sctp_association_end (WherrySctpAssociation *self, WherryTransportState state, GError *error)
{
  if (self->end_error != NULL || wherry_sctp_association_is_ended (self))
    {
      g_error_free (error);
      return;
    }
  self->end_state = state;
  self->end_error = error;
}
