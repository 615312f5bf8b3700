/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>

#include "base/wherry-clock.h"
#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"

/* Streams in one request: RFC 6525 section 4.1 has room for more, one packet has not. */
#define RESETS_MAX 200u

/* Of WHERRY_SCTP_STREAM_BYTES, for one that only they send on. */
#define INCOMING_BYTES 40u
#define OUTGOING_BYTES (WHERRY_SCTP_STREAM_BYTES - INCOMING_BYTES)

/* ---- what they cost ---- */

static guint
beyond (guint n, guint paid)
{
  return n > paid ? n - paid : 0;
}

static void
charge (WherrySctpAssociation *self, gsize bytes)
{
  if (self->config.budget == NULL)
    return;
  if (bytes > self->stream_bytes)
    wherry_budget_charge (self->config.budget, bytes - self->stream_bytes);
  else
    wherry_budget_release (self->config.budget, self->stream_bytes - bytes);
  self->stream_bytes = bytes;
}

/* Those that it set out with are their business who asked for them. */
static void
set_streams (WherrySctpAssociation *self, guint outgoing, guint incoming)
{
  self->n_streams = MAX (self->n_streams, outgoing);
  self->n_incoming = MAX (self->n_incoming, incoming);
  charge (self, (gsize) beyond (self->n_streams, self->n_paid) * OUTGOING_BYTES
                    + (gsize) beyond (self->n_incoming, self->n_paid) * INCOMING_BYTES);
}

void
wherry_sctp_association_start_streams (WherrySctpAssociation *self, guint outgoing, guint incoming)
{
  self->n_streams = self->n_incoming = 0;
  set_streams (self, outgoing, incoming);
}

void
wherry_sctp_association_clear_streams (WherrySctpAssociation *self)
{
  wherry_clock_clear_source (&self->streams_timer);
  charge (self, 0);
}

/* ---- more of them ---- */

/* usrsctp has one request under way at a time (RFC 6525 section 5.1.1); the answer comes in a
 * packet, and the pump tries again after each. */
static gboolean
is_busy (int reason)
{
  return reason == EALREADY || reason == EBUSY || reason == EINPROGRESS || reason == EAGAIN
         || reason == ENOMEM;
}

static void
emit_streams (WherrySctpAssociation *self)
{
  if (self->events != NULL && self->events->streams != NULL)
    self->events->streams (self->user_data, self->n_streams);
}

static void
refuse (WherrySctpAssociation *self)
{
  self->wanted = self->n_streams;
  self->streams_due = TRUE;
}

/* dcsctp (Chromium, Firefox) and pion take a request for streams and never answer it. usrsctp goes
 * on asking, and asks for nothing else meanwhile (RFC 6525 section 5.1.1). */
static gboolean
on_unanswered (gpointer user_data)
{
  WherrySctpAssociation *self = user_data;

  /* the answer may be behind what is unread, or about to be read */
  if (!wherry_sctp_association_may_read (self) || self->continuation != NULL)
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->streams_timer, g_source_unref);
  wherry_info (&self->log, "A request for %u SCTP streams is not answered", self->asked_for);
  self->unanswered = TRUE; /* until an answer comes all the same */
  refuse (self);
  wherry_sctp_association_schedule (self);
  return G_SOURCE_REMOVE;
}

/* RFC 6525 sections 5.1.5 and 5.1.6: ours, and as many of theirs. */
static void
request_streams (WherrySctpAssociation *self)
{
  struct sctp_add_streams add = { .sas_outstrms = (guint16) (self->wanted - self->n_streams) };
  guint incoming = MIN (self->wanted, self->config.max_incoming_streams);
  int result;
  int reason;

  if (incoming > self->n_incoming)
    add.sas_instrms = (guint16) (incoming - self->n_incoming);
  WHERRY_SCTP_CALL (self, result = usrsctp_setsockopt (self->so, IPPROTO_SCTP, SCTP_ADD_STREAMS,
                                                       &add, sizeof add));
  reason = errno;
  if (result == 0)
    {
      self->asked_for = self->wanted;
      self->streams_timer = wherry_clock_add (wherry_clock_system (), self->context,
                                              self->config.streams_limit_us, on_unanswered, self);
    }
  else if (!is_busy (reason))
    {
      wherry_debug (&self->log, "Asking for %u streams: %s", self->wanted, g_strerror (reason));
      refuse (self);
    }
}

guint
wherry_sctp_association_get_n_streams (WherryStreamTransport *transport)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);

  WHERRY_ASSERT_OWNER (self);

  return self->state == WHERRY_TRANSPORT_CONNECTED ? self->n_streams : 0;
}

gboolean
wherry_sctp_association_ensure_streams (WherryStreamTransport *transport, guint n)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);

  WHERRY_ASSERT_OWNER (self);

  if (self->state == WHERRY_TRANSPORT_CONNECTED && n <= self->n_streams)
    return TRUE;
  if (n > WHERRY_SCTP_STREAMS_MAX)
    self->streams_due = TRUE;
  else
    self->wanted = MAX (self->wanted, n); /* before the handshake: it asks for them */
  if (self->so != NULL && self->state == WHERRY_TRANSPORT_CONNECTED)
    wherry_sctp_association_schedule (self);
  return FALSE;
}

void
wherry_sctp_association_on_stream_change (WherrySctpAssociation *self, guint flags, guint incoming,
                                          guint outgoing)
{
  gboolean refused = (flags & (SCTP_STREAM_CHANGE_DENIED | SCTP_STREAM_CHANGE_FAILED)) != 0;

  wherry_debug (&self->log, "SCTP streams: %u out, %u in, flags %u", outgoing, incoming, flags);
  if (!refused)
    set_streams (self, outgoing, incoming);
  if (self->asked_for == 0 || (!refused && self->n_streams < self->asked_for))
    return;
  self->asked_for = 0;
  self->unanswered = FALSE;
  wherry_clock_clear_source (&self->streams_timer);
  if (refused)
    refuse (self);
  else if (self->wanted <= self->n_streams)
    emit_streams (self);
  /* otherwise more were wanted meanwhile: the pump asks again */
}

/* ---- resets (RFC 6525 section 5.1.2, RFC 8831 section 6.7) ---- */

static gboolean
has (GArray *streams, guint16 stream)
{
  for (guint i = 0; i < streams->len; i++)
    if (g_array_index (streams, guint16, i) == stream)
      return TRUE;
  return FALSE;
}

static void
take_out (GArray *streams, guint16 stream)
{
  for (guint i = 0; i < streams->len; i++)
    if (g_array_index (streams, guint16, i) == stream)
      {
        g_array_remove_index (streams, i);
        return;
      }
}

/* The other side cannot: to the layer above it is as good as done, in both directions. */
static void
deny_resets (WherrySctpAssociation *self, const guint16 *streams, guint n)
{
  g_array_append_vals (self->resets_denied, streams, n);
}

static void
request_resets (WherrySctpAssociation *self)
{
  g_autofree struct sctp_reset_streams *reset = NULL;
  guint n = 0;
  int result;
  int reason;

  reset = g_malloc0 (sizeof *reset + RESETS_MAX * sizeof (guint16));
  reset->srs_flags = SCTP_STREAM_RESET_OUTGOING;
  for (guint i = 0; i < self->resets->len && n < RESETS_MAX; i++)
    {
      guint16 stream = g_array_index (self->resets, guint16, i);

      /* behind the open message, usrsctp itself puts it behind what it has */
      if (!wherry_sctp_association_is_sending (self, stream))
        reset->srs_stream_list[n++] = stream;
    }
  if (n == 0)
    return;
  reset->srs_number_streams = (guint16) n;
  WHERRY_SCTP_CALL (self,
                    result
                    = usrsctp_setsockopt (self->so, IPPROTO_SCTP, SCTP_RESET_STREAMS, reset,
                                          (socklen_t) (sizeof *reset + n * sizeof (guint16))));
  reason = errno;
  if (result != 0 && is_busy (reason))
    return;
  if (result == 0)
    g_array_append_vals (self->resets_asked, reset->srs_stream_list, n);
  else
    {
      wherry_debug (&self->log, "Resetting %u streams: %s", n, g_strerror (reason));
      deny_resets (self, reset->srs_stream_list, n);
    }
  for (guint k = 0; k < n; k++)
    take_out (self->resets, reset->srs_stream_list[k]);
}

/* Nothing can be reset any more. */
static void
deny_all_resets (WherrySctpAssociation *self)
{
  deny_resets (self, (const guint16 *) (gpointer) self->resets->data, self->resets->len);
  deny_resets (self, (const guint16 *) (gpointer) self->resets_asked->data,
               self->resets_asked->len);
  g_array_set_size (self->resets, 0);
  g_array_set_size (self->resets_asked, 0);
}

void
wherry_sctp_association_reset_stream (WherryStreamTransport *transport, guint16 stream)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);

  WHERRY_ASSERT_OWNER (self);

  if (self->so == NULL || self->state != WHERRY_TRANSPORT_CONNECTED)
    return;
  /* twice would close whatever they open there as soon as they have the first */
  if (has (self->resets, stream) || has (self->resets_asked, stream))
    return;
  if (stream >= self->n_streams)
    deny_resets (self, &stream, 1);
  else
    g_array_append_val (self->resets, stream);
  wherry_sctp_association_schedule (self);
}

static void
emit_reset (WherrySctpAssociation *self, gboolean incoming, guint16 stream)
{
  void (*func) (gpointer user_data, guint16 stream);

  if (!incoming)
    take_out (self->resets_asked, stream);
  if (self->events == NULL)
    return;
  func = incoming ? self->events->incoming_reset : self->events->outgoing_reset;
  if (func != NULL)
    func (self->user_data, stream);
}

void
wherry_sctp_association_on_stream_reset (WherrySctpAssociation *self, guint flags,
                                         const guint16 *streams, gsize n)
{
  gboolean incoming = (flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0;
  /* no list: all of them */
  gsize count = n > 0 ? n : (incoming ? self->n_incoming : self->n_streams);

  if (incoming)
    wherry_sctp_association_deliver_ready (self);
  for (gsize i = 0; i < count && self->so != NULL; i++)
    {
      guint16 stream = n > 0 ? streams[i] : (guint16) i;

      if (incoming)
        wherry_sctp_association_drop_stream (self, stream);
      if (incoming || (flags & SCTP_STREAM_RESET_OUTGOING_SSN) != 0)
        emit_reset (self, incoming, stream);
    }
}

void
wherry_sctp_association_continue_streams (WherrySctpAssociation *self)
{
  g_autoptr (GArray) denied = NULL;

  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    return;
  if (self->wanted > self->n_streams && self->unanswered)
    refuse (self);
  else if (self->wanted > self->n_streams && self->asked_for == 0)
    request_streams (self);
  if (self->unanswered)
    deny_all_resets (self);
  else if (self->resets->len > 0 && self->asked_for == 0)
    request_resets (self);
  if (self->streams_due)
    {
      self->streams_due = FALSE;
      emit_streams (self);
    }
  if (self->resets_denied->len == 0)
    return;
  denied = self->resets_denied;
  self->resets_denied = g_array_new (FALSE, FALSE, sizeof (guint16));
  for (guint i = 0; i < denied->len && self->so != NULL; i++)
    {
      emit_reset (self, FALSE, g_array_index (denied, guint16, i));
      emit_reset (self, TRUE, g_array_index (denied, guint16, i));
    }
}
