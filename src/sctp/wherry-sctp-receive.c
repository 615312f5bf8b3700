/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-inlet.h"

/* One read. Larger messages come in several. On the stack: peers have a thread each. */
#define READ_SIZE (16u * WHERRY_KIB)

/* A message that comes in pieces. */
typedef struct
{
  WherryBudgetHolder *holder; /* the association's (nullable), borrowed */
  gsize *total;               /* the association's, borrowed */
  GByteArray *bytes;
  gboolean too_large;
  gboolean cut; /* by usrsctp: it has not handed over the end */
} WherrySctpAssembly;

static void
assembly_uncharge (WherrySctpAssembly *assembly)
{
  if (assembly->holder != NULL)
    wherry_budget_holder_release (assembly->holder, assembly->bytes->len);
  *assembly->total -= assembly->bytes->len;
}

static void
assembly_discard (WherrySctpAssembly *assembly)
{
  assembly_uncharge (assembly);
  g_byte_array_set_size (assembly->bytes, 0);
}

/* Its memory becomes the message's: a large one is never there twice. */
static WherryMessage *
assembly_take (WherrySctpAssembly *assembly, WherryMessageKind kind, gboolean empty,
               WherryBudget *budget)
{
  gsize length = assembly->bytes->len;
  guint8 *data;

  assembly_uncharge (assembly);
  data = g_byte_array_free (assembly->bytes, FALSE);
  assembly->bytes = g_byte_array_new ();
  /* what it had grown to is up to twice as much */
  return wherry_message_new_take (kind, g_realloc (data, length), empty ? 0 : length, budget);
}

static void
assembly_free (gpointer data)
{
  WherrySctpAssembly *assembly = data;

  assembly_discard (assembly);
  g_byte_array_unref (assembly->bytes);
  g_free (assembly);
}

void
wherry_sctp_association_init_receive (WherrySctpAssociation *self)
{
  self->assemblies = g_hash_table_new_full (NULL, NULL, NULL, assembly_free);
}

static void
charge_pieces (WherrySctpAssociation *self)
{
  gsize held = self->pieces != NULL ? wherry_sctp_pieces_get_held (self->pieces) : 0;

  if (self->holder != NULL && held > self->pieces_charged)
    wherry_budget_holder_charge (self->holder, held - self->pieces_charged);
  else if (self->holder != NULL && held < self->pieces_charged)
    wherry_budget_holder_release (self->holder, self->pieces_charged - held);
  self->pieces_charged = held;
}

void
wherry_sctp_association_clear_received (WherrySctpAssociation *self)
{
  g_hash_table_remove_all (self->assemblies);
  g_clear_pointer (&self->pieces, wherry_sctp_pieces_free);
  charge_pieces (self);
  wherry_sctp_scraps_clear (&self->scraps);
  g_clear_pointer (&self->held, wherry_message_unref);
  g_clear_pointer (&self->notification, g_byte_array_unref);
}

/* An ordered and an unordered message of one stream may be under way at once. */
static gpointer
assembly_key (guint16 stream, gboolean unordered)
{
  return GUINT_TO_POINTER ((guint) stream | (unordered ? 0x10000u : 0));
}

static WherrySctpAssembly *
ensure_assembly (WherrySctpAssociation *self, guint16 stream, gboolean unordered)
{
  gpointer key = assembly_key (stream, unordered);
  WherrySctpAssembly *assembly = g_hash_table_lookup (self->assemblies, key);

  if (assembly == NULL)
    {
      assembly = g_new0 (WherrySctpAssembly, 1);
      assembly->holder = self->holder;
      assembly->total = &self->unfinished_bytes;
      assembly->bytes = g_byte_array_new ();
      g_hash_table_insert (self->assemblies, key, assembly);
    }
  return assembly;
}

/* What is there of an ordered one lacks its end. */
static void
drop_partial (WherrySctpAssociation *self, guint16 stream)
{
  /* On the association's end usrsctp marks what it has of a message as complete and says only
   * behind it that it is not. */
  if (self->held != NULL && self->held_stream == stream)
    g_clear_pointer (&self->held, wherry_message_unref);
  g_hash_table_remove (self->assemblies, assembly_key (stream, FALSE));
}

void
wherry_sctp_association_drop_stream (WherrySctpAssociation *self, guint16 stream)
{
  drop_partial (self, stream);
  g_hash_table_remove (self->assemblies, assembly_key (stream, TRUE));
  wherry_sctp_scraps_drop_stream (&self->scraps, stream);
  if (self->pieces == NULL)
    return;
  wherry_sctp_pieces_drop_stream (self->pieces, stream);
  charge_pieces (self);
}

/* usrsctp says "aborted" of whole messages too, if their number is that of one given up: one that
 * was there already. */
static gboolean
is_cut (WherrySctpAssociation *self, guint16 stream)
{
  gsize point = self->eager ? 0 : self->config.receive_buffer / 2;
  WherrySctpAssembly *assembly
      = g_hash_table_lookup (self->assemblies, assembly_key (stream, FALSE));

  return (assembly != NULL && assembly->cut)
         || (self->held != NULL && self->held_stream == stream
             && wherry_message_get_length (self->held) > point);
}

void
wherry_sctp_association_partial_aborted (WherrySctpAssociation *self, guint16 stream)
{
  gboolean was_cut = is_cut (self, stream);

  drop_partial (self, stream);
  if (!was_cut || self->end_error != NULL || !wherry_sctp_association_is_open (self))
    return;
  /* usrsctp 0.9.5 goes on believing that it delivers that one: it hands over no other message of
   * several fragments on this stream, not even after a stream reset. Better an end that is seen. */
  wherry_counter_inc (WHERRY_COUNTER_SCTP_STUCK);
  wherry_sctp_association_end (
      self, WHERRY_TRANSPORT_FAILED,
      g_error_new (WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "The other side gave up a message on stream %u of which a piece was delivered",
                   stream));
}

void
wherry_sctp_association_deliver_held (WherrySctpAssociation *self)
{
  g_autoptr (WherryMessage) message = g_steal_pointer (&self->held);

  if (message != NULL && self->events != NULL && self->events->message != NULL)
    self->events->message (self->user_data, self->held_stream, message);
}

static void
hold (WherrySctpAssociation *self, guint16 stream, WherryMessage *message)
{
  g_assert (self->held == NULL);
  self->held = message;
  self->held_stream = stream;
}

static void
refuse_too_large (WherrySctpAssociation *self, guint16 stream)
{
  wherry_counter_inc (WHERRY_COUNTER_SCTP_TOO_LARGE);
  wherry_info (
      &self->log,
      "A message on stream %u is larger than the %" G_GSIZE_FORMAT
      " bytes that were announced, or one of too many unfinished ones; the stream is reset",
      stream, self->config.max_message_size);
  wherry_sctp_association_reset_stream (WHERRY_STREAM_TRANSPORT (self), stream);
}

static void
add_piece (WherrySctpAssociation *self, WherrySctpAssembly *assembly, guint16 stream,
           const guint8 *data, gsize length)
{
  if (assembly->too_large)
    return;
  if (length > self->config.max_message_size - assembly->bytes->len
      || length > wherry_sctp_association_get_unfinished_max (self) - self->unfinished_bytes)
    {
      assembly_discard (assembly);
      assembly->too_large = TRUE;
      refuse_too_large (self, stream);
      return;
    }
  if (self->holder != NULL)
    wherry_budget_holder_charge (self->holder, length);
  self->unfinished_bytes += length;
  g_byte_array_append (assembly->bytes, data, (guint) length);
}

/* RFC 8831 section 6.6: 52 and 54 mark an earlier piece of a message whose end has 53 or 51. */
static gboolean
is_partial_ppid (guint32 ppid)
{
  return ppid == WHERRY_PPID_BINARY_PARTIAL || ppid == WHERRY_PPID_STRING_PARTIAL;
}

/* A message, or a part of one that is read in order. */
static void
on_part (WherrySctpAssociation *self, guint16 stream, gboolean unordered, guint32 ppid,
         const guint8 *data, gsize length, gboolean end)
{
  gpointer key = assembly_key (stream, unordered);
  WherrySctpAssembly *assembly = g_hash_table_lookup (self->assemblies, key);
  WherryMessageKind kind;
  gboolean empty;

  if (!end || is_partial_ppid (ppid) || assembly != NULL || length > self->config.max_message_size)
    {
      assembly = ensure_assembly (self, stream, unordered);
      assembly->cut = !end;
      add_piece (self, assembly, stream, data, length);
      if (!end || is_partial_ppid (ppid))
        return;
    }
  if (assembly != NULL && assembly->too_large)
    ;
  else if (!wherry_message_kind_from_ppid (ppid, &kind, &empty))
    wherry_counter_inc (WHERRY_COUNTER_SCTP_BAD_PPID);
  else if (assembly != NULL)
    hold (self, stream, assembly_take (assembly, kind, empty, self->config.budget));
  else
    hold (self, stream, wherry_message_new (kind, data, empty ? 0 : length, self->config.budget));
  if (assembly != NULL)
    g_hash_table_remove (self->assemblies, key);
}

static WherrySctpPieces *
ensure_pieces (WherrySctpAssociation *self)
{
  if (self->pieces == NULL)
    self->pieces
        = wherry_sctp_pieces_new (self->config.max_message_size,
                                  MAX (WHERRY_SCTP_UNFINISHED_MAX * self->config.max_message_size,
                                       WHERRY_SCTP_UNFINISHED_BYTES));
  return self->pieces;
}

/* An unordered one, whose memory becomes the message's. */
static void
on_whole (WherrySctpAssociation *self, guint16 stream, guint32 ppid, GByteArray *bytes)
{
  gsize length = bytes->len;
  g_autofree guint8 *data = g_byte_array_free (bytes, FALSE);
  gboolean is_all = !is_partial_ppid (ppid)
                    && !g_hash_table_contains (self->assemblies, assembly_key (stream, TRUE));
  WherryMessageKind kind;
  gboolean empty;

  if (is_all && wherry_message_kind_from_ppid (ppid, &kind, &empty))
    hold (self, stream,
          wherry_message_new_take (kind, g_realloc (g_steal_pointer (&data), length),
                                   empty ? 0 : length, self->config.budget));
  else
    on_part (self, stream, TRUE, ppid, data, length, TRUE);
}

/* Each fragment of an unordered message comes as a message of its own. */
static void
on_unordered (WherrySctpAssociation *self, const struct sctp_rcvinfo *info, const guint8 *data,
              gsize length)
{
  WherrySctpPiece piece = { .stream = info->rcv_sid };
  guint32 ppid = g_ntohl (info->rcv_ppid);
  g_autoptr (GByteArray) whole = NULL;
  WherrySctpPieceResult result;

  wherry_sctp_inlet_read_mark (&piece, self->interleaving, info->rcv_ssn, ppid, info->rcv_tsn);
  if (piece.begins && piece.ends)
    {
      on_part (self, info->rcv_sid, TRUE, ppid, data, length, TRUE);
      return;
    }
  result = wherry_sctp_pieces_add (ensure_pieces (self), &piece, data, length, &whole, &ppid);
  charge_pieces (self);
  if (result == WHERRY_SCTP_PIECE_REFUSED)
    refuse_too_large (self, info->rcv_sid);
  if (result == WHERRY_SCTP_PIECE_COMPLETES)
    on_whole (self, info->rcv_sid, ppid, g_steal_pointer (&whole));
}

static void
on_data (WherrySctpAssociation *self, const struct sctp_rcvinfo *info, const guint8 *data,
         gsize length, gboolean end)
{
  if ((info->rcv_flags & SCTP_UNORDERED) != 0)
    {
      on_unordered (self, info, data, length);
      return;
    }
  if (end)
    wherry_sctp_scraps_read (&self->scraps, info->rcv_sid, info->rcv_ssn);
  on_part (self, info->rcv_sid, FALSE, g_ntohl (info->rcv_ppid), data, length, end);
}

void
wherry_sctp_association_mark (WherrySctpAssociation *self, guint8 *packet, gsize length)
{
  wherry_sctp_inlet_mark (packet, length, self->n_incoming, self->acked, ensure_pieces (self),
                          &self->scraps);
  if (self->scraps.n <= WHERRY_SCTP_SCRAPS_MAX || self->end_error != NULL)
    return;
  wherry_counter_inc (WHERRY_COUNTER_SCTP_SCRAPS);
  wherry_sctp_association_end (
      self, WHERRY_TRANSPORT_FAILED,
      g_error_new (WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "The other side cuts its messages into pieces of less than %u bytes: there are "
                   "more than %u of them",
                   WHERRY_SCTP_SCRAP_SIZE, WHERRY_SCTP_SCRAPS_MAX));
}

static void
on_notification (WherrySctpAssociation *self, const guint8 *data, gsize length, gboolean end)
{
  g_autoptr (GByteArray) whole = NULL;

  if (end && self->notification == NULL)
    {
      wherry_sctp_association_notification (self, data, length);
      return;
    }
  if (self->notification == NULL)
    self->notification = g_byte_array_new ();
  g_byte_array_append (self->notification, data, (guint) length);
  if (!end)
    return;
  whole = g_steal_pointer (&self->notification);
  wherry_sctp_association_notification (self, whole->data, whole->len);
}

/* Reading fails or ends. FALSE: there is just nothing now. */
static gboolean
is_read_end (WherrySctpAssociation *self, gssize length, int reason)
{
  if (length < 0 && (reason == EAGAIN || reason == EWOULDBLOCK || reason == EINTR))
    return FALSE;
  /* before the handshake is done there is nothing to read from */
  return self->state == WHERRY_TRANSPORT_CONNECTED || reason != ENOTCONN;
}

gboolean
wherry_sctp_association_may_read (WherrySctpAssociation *self)
{
  if (self->so == NULL || self->events == NULL)
    return FALSE;
  /* before CONNECTED there are no messages, and the state must be heard */
  if (self->draining || self->state != WHERRY_TRANSPORT_CONNECTED)
    return TRUE;
  if (self->paused)
    return FALSE;
  return self->config.budget == NULL
         || !wherry_sctp_endpoint_wait_budget (self->endpoint, self->config.budget);
}

/* All that usrsctp has to hand over was read. What it has beside that takes no more fragments than
 * bytes: with few of these, those that it was still counted for came twice, or it threw them away.
 */
static void
on_drained (WherrySctpAssociation *self)
{
  if (self->pieces != NULL)
    {
      wherry_sctp_pieces_apply_skips (self->pieces);
      charge_pieces (self);
    }
  wherry_sctp_scraps_apply_skips (&self->scraps);
  if (self->scraps.n > 0 && self->window_seen && self->window <= self->receive_buffer
      && self->receive_buffer - self->window <= WHERRY_SCTP_SCRAPS_MAX)
    wherry_sctp_scraps_clear (&self->scraps);
  if (self->interleaving)
    wherry_sctp_association_relieve_window (self);
}

/* FALSE: nothing more to read now. */
static gboolean
receive_one (WherrySctpAssociation *self)
{
  guint8 buffer[READ_SIZE];
  struct sctp_rcvinfo info = { 0 };
  struct sockaddr_conn from;
  socklen_t from_length = sizeof from;
  socklen_t info_length = sizeof info;
  guint info_type = SCTP_RECVV_NOINFO;
  int flags = 0;
  gssize length;
  int reason;

  WHERRY_SCTP_CALL (self, length = usrsctp_recvv (self->so, buffer, sizeof buffer,
                                                  (struct sockaddr *) &from, &from_length, &info,
                                                  &info_length, &info_type, &flags));
  reason = errno;
  if (length <= 0)
    {
      wherry_sctp_association_deliver_held (self);
      if (self->so != NULL && is_read_end (self, length, length < 0 ? reason : 0))
        wherry_sctp_association_end (self, WHERRY_TRANSPORT_CLOSED,
                                     g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                  "The other side ended the SCTP association"));
      else if (self->so != NULL)
        on_drained (self);
      return FALSE;
    }
  if ((flags & MSG_NOTIFICATION) != 0)
    {
      on_notification (self, buffer, (gsize) length, (flags & MSG_EOR) != 0);
      return self->so != NULL;
    }
  wherry_sctp_association_deliver_held (self);
  /* a handler that closes the association wants nothing more; one that pauses it gets this one
   * when it resumes */
  if (self->so == NULL || info_type != SCTP_RECVV_RCVINFO)
    return self->so != NULL;
  on_data (self, &info, buffer, (gsize) length, (flags & MSG_EOR) != 0);
  return TRUE;
}

gboolean
wherry_sctp_association_receive (WherrySctpAssociation *self)
{
  for (guint n = 0; wherry_sctp_association_may_read (self); n++)
    {
      /* a message's handler may have learned of the end */
      if (!self->draining && (self->end_error != NULL || n >= WHERRY_DISPATCH_BATCH))
        return TRUE;
      if (!receive_one (self))
        return FALSE;
    }
  return FALSE;
}
