/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-options.h"

static const guint8 empty_payload[1] = { 0 };

/* RFC 9260 section 3.2: 10 in the two highest bits; nobody has given this one a meaning. */
#define CHUNK_SKIPPED 0xbfu
/* In one entry: each sends a packet or finds none to send. */
#define NUDGES_MAX 64u

static const guint8 *
get_payload (WherryMessage *message, gsize *length)
{
  const guint8 *data = wherry_message_get_data (message, length);

  /* RFC 8831 section 6.6: SCTP cannot carry an empty message; one zero byte and a PPID that says
   * so */
  if (*length > 0)
    return data;
  *length = sizeof empty_payload;
  return empty_payload;
}

static gsize
payload_length (WherryMessage *message)
{
  return MAX (wherry_message_get_length (message), sizeof empty_payload);
}

static void
fill_info (struct sctp_sendv_spa *spa, guint16 stream, const WherrySendOptions *options,
           guint32 ppid, gboolean end)
{
  *spa = (struct sctp_sendv_spa){ .sendv_flags = SCTP_SEND_SNDINFO_VALID };
  spa->sendv_sndinfo.snd_sid = stream;
  spa->sendv_sndinfo.snd_ppid = g_htonl (ppid);
  /* end of message counts only if all of what was given is taken */
  spa->sendv_sndinfo.snd_flags
      = (guint16) ((end ? SCTP_EOR : 0) | (options->ordered ? 0 : SCTP_UNORDERED));
  switch (options->reliability)
    {
    case WHERRY_RELIABLE:
      return;
    case WHERRY_MAX_RETRANSMITS:
      spa->sendv_prinfo.pr_policy = SCTP_PR_SCTP_RTX;
      break;
    case WHERRY_MAX_PACKET_LIFE_TIME:
      spa->sendv_prinfo.pr_policy = SCTP_PR_SCTP_TTL;
      break;
    default:
      g_assert_not_reached ();
    }
  spa->sendv_flags |= SCTP_SEND_PRINFO_VALID;
  spa->sendv_prinfo.pr_value = options->value;
}

/* How many bytes usrsctp took; 0: none now; -1: never. */
static gssize
hand_over (WherrySctpAssociation *self, const WherrySctpOutgoing *outgoing, gsize most)
{
  struct sctp_sendv_spa spa;
  gsize length;
  const guint8 *data = get_payload (outgoing->message, &length);
  /* one call must not have more than the send buffer: EMSGSIZE */
  gsize piece = MIN (length - outgoing->offset, MIN (most, self->config.send_buffer / 2));
  gssize taken;
  int reason;

  fill_info (&spa, outgoing->stream, &outgoing->options,
             wherry_message_get_ppid (outgoing->message), outgoing->offset + piece == length);
  WHERRY_SCTP_CALL (self, taken = usrsctp_sendv (self->so, data + outgoing->offset, piece, NULL, 0,
                                                 &spa, sizeof spa, SCTP_SENDV_SPA, 0));
  reason = errno;
  if (taken >= 0)
    {
      wherry_sctp_flight_taken (&self->flight, (gsize) taken);
      return taken;
    }
  if (reason == EAGAIN || reason == EWOULDBLOCK || reason == ENOBUFS)
    return 0;
  wherry_debug (&self->log, "Sending on stream %u: %s", outgoing->stream, g_strerror (reason));
  return -1;
}

/* The same for what goes past an open message, which keeps usrsctp's buffer full. */
static gssize
hand_past (WherrySctpAssociation *self, const WherrySctpOutgoing *outgoing)
{
  gssize taken;

  wherry_sctp_options_set_send_buffer (self->so,
                                       self->config.send_buffer + WHERRY_SCTP_SNDBUF_PAST);
  taken = hand_over (self, outgoing, WHERRY_SCTP_SMALL_MAX);
  wherry_sctp_options_set_send_buffer (self->so, self->config.send_buffer);
  return taken;
}

static gboolean
has_room (WherrySctpAssociation *self, gsize length)
{
  return wherry_sctp_flight_get_bytes (&self->flight) + length
         <= self->config.send_buffer + WHERRY_SCTP_SNDBUF_PAST;
}

void
wherry_sctp_association_clear_send (WherrySctpAssociation *self)
{
  wherry_sctp_turns_reset (&self->turns);
  g_clear_pointer (&self->tail.message, wherry_message_unref);
  wherry_sctp_flight_clear (&self->flight);
  self->blocked = FALSE;
}

gboolean
wherry_sctp_association_is_sending (WherrySctpAssociation *self, guint16 stream)
{
  return wherry_sctp_turns_is_open (&self->turns, stream)
         || (self->tail.message != NULL && self->tail.stream == stream);
}

/* FALSE: no room, or never again. */
static gboolean
feed_one (WherrySctpAssociation *self, WherrySctpOutgoing *next)
{
  gssize taken = hand_over (self, next, self->turns.n_open > 1 ? WHERRY_SCTP_SMALL_MAX : G_MAXSIZE);

  if (taken == 0)
    return FALSE;
  if (taken < 0)
    {
      /* what is in cannot be closed, and whatever came next would be glued to it */
      wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED,
                                   g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                "The SCTP association takes no more"));
      wherry_sctp_association_schedule (self);
      wherry_sctp_turns_reset (&self->turns);
      return FALSE;
    }
  wherry_sctp_turns_fed (&self->turns, next, (gsize) taken);
  if (next->offset >= payload_length (next->message))
    wherry_sctp_turns_close (&self->turns, next);
  return TRUE;
}

/* Until there is no room, or nothing is open, or it is somebody else's turn. */
static void
feed (WherrySctpAssociation *self)
{
  WherrySctpOutgoing *next;

  while ((next = wherry_sctp_turns_peek (&self->turns)) != NULL
         && !wherry_sctp_turns_is_waiting_next (&self->turns) && feed_one (self, next))
    ;
}

/* Takes the message: what does not go now is open. -1: it was not taken, and never will be; 0: not
 * now, and unless it must be kept, not taken. */
static gssize
give (WherrySctpAssociation *self, WherrySctpOutgoing *outgoing, gboolean keep)
{
  gboolean is_past = self->turns.n_open > 0;
  gssize taken = is_past ? hand_past (self, outgoing) : hand_over (self, outgoing, G_MAXSIZE);

  if (taken > 0 && is_past)
    wherry_sctp_turns_passed (&self->turns, outgoing->stream, outgoing->options.priority,
                              (gsize) taken);
  if ((taken == 0 && !keep) || (taken > 0 && (gsize) taken >= payload_length (outgoing->message)))
    {
      g_clear_pointer (&outgoing->message, wherry_message_unref);
      return taken;
    }
  if (taken < 0)
    {
      g_clear_pointer (&outgoing->message, wherry_message_unref);
      return taken;
    }
  outgoing->offset = (gsize) taken;
  wherry_sctp_turns_open (&self->turns, outgoing);
  feed (self);
  return taken;
}

/* While corked, messages share packets: usrsctp fills them as long as SCTP_NODELAY is off, and the
 * last message is kept back until it is known to be the last: given with SCTP_NODELAY on, it sends
 * off all that waits. Nothing ever waits for time to pass. */
static void
give_tail (WherrySctpAssociation *self, gboolean last)
{
  WherrySctpOutgoing tail = self->tail;

  self->tail.message = NULL;
  if (self->bundles == last)
    {
      self->bundles = !last;
      wherry_sctp_options_set_bundling (self->so, self->bundles);
    }
  if (tail.message == NULL || give (self, &tail, TRUE) >= 0)
    return;
  wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED,
                               g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                            "The SCTP association takes no more"));
  wherry_sctp_association_schedule (self);
}

void
wherry_sctp_association_flush_tail (WherrySctpAssociation *self)
{
  give_tail (self, TRUE);
  /* a reset that had to wait behind it */
  if (self->resets->len > 0)
    wherry_sctp_association_schedule (self);
}

/* Whether it may go now; otherwise the writable event is due. */
static gboolean
is_its_turn (WherrySctpAssociation *self, guint16 stream, guint16 priority, gsize length)
{
  gboolean small = length <= WHERRY_SCTP_SMALL_MAX;

  if (wherry_sctp_turns_ask (&self->turns, self->interleaving, stream, priority, length, small)
      != WHERRY_SCTP_TURN_NOW)
    return FALSE;
  /* a large one takes its turns with those that are open */
  if (self->turns.n_open == 0 || !small || has_room (self, length))
    return TRUE;
  wherry_sctp_turns_wait (&self->turns, stream, priority, length);
  return FALSE;
}

WherrySendResult
wherry_sctp_association_send (WherryStreamTransport *transport, guint16 stream,
                              const WherrySendOptions *options, WherryMessage *message)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);
  WherrySctpOutgoing outgoing = { .stream = stream, .options = *options };
  gboolean is_kept;
  gssize taken;

  WHERRY_ASSERT_OWNER (self);

  if (self->so == NULL || self->state != WHERRY_TRANSPORT_CONNECTED || self->end_error != NULL
      || stream >= self->n_streams)
    return WHERRY_SEND_FAILED;
  if (self->tail.message != NULL)
    give_tail (self, FALSE);
  if (!is_its_turn (self, stream, options->priority, payload_length (message)))
    {
      self->blocked = TRUE;
      return WHERRY_SEND_BLOCKED;
    }
  outgoing.message = wherry_message_ref (message);
  if (self->corked > 0)
    {
      self->tail = outgoing;
      return WHERRY_SEND_OK;
    }

  wherry_sctp_association_cork (self);
  is_kept = self->turns.n_open > 0;
  taken = give (self, &outgoing, is_kept);
  wherry_sctp_association_uncork (self);
  if (taken < 0)
    return WHERRY_SEND_FAILED;
  if (taken == 0 && !is_kept)
    {
      self->blocked = TRUE;
      return WHERRY_SEND_BLOCKED;
    }
  return WHERRY_SEND_OK;
}

/* usrsctp serves streams in turn, and stops for now when it comes to one whose open message has
 * nothing left to send: then what is queued on other streams waits for the next packet that comes
 * in, and if nothing is under way none does. An incoming packet with a chunk that is to be skipped
 * in silence (RFC 9260 section 3.2) makes it look again, from the next stream on. */
static void
nudge_once (WherrySctpAssociation *self)
{
  guint8 packet[16] = { 0 };
  guint16 ports[2] = { g_htons (self->config.remote_port), g_htons (self->config.local_port) };

  memcpy (packet, ports, sizeof ports);
  memcpy (packet + 4, self->own_tag, sizeof self->own_tag);
  packet[12] = CHUNK_SKIPPED;
  packet[15] = 4;
  WHERRY_SCTP_CALL (self, usrsctp_conninput (wherry_sctp_endpoint_get_address (self->endpoint),
                                             packet, sizeof packet, 0));
}

void
wherry_sctp_association_nudge (WherrySctpAssociation *self)
{
  guint idle = 0;

  for (guint n = 0; n < NUDGES_MAX && idle <= self->turns.n_open && self->flight.unsent > 0; n++)
    {
      gsize unsent = self->flight.unsent;

      nudge_once (self);
      idle = self->flight.unsent < unsent ? 0 : idle + 1;
    }
}

/* What comes of a message that was given up halfway (RFC 3758) usrsctp takes and throws away, the
 * next time that it looks for something to send, and tells nobody that there is room again; nor do
 * we learn that these bytes will never be sent. With nothing under way no event would come. */
static void
feed_given_up (WherrySctpAssociation *self)
{
  gsize left = G_MAXSIZE;

  while (self->so != NULL && self->end_error == NULL && self->flight.unacked == 0
         && self->turns.n_open > 0 && wherry_sctp_turns_get_left (&self->turns) < left)
    {
      left = wherry_sctp_turns_get_left (&self->turns);
      nudge_once (self);
      if (self->flight.unacked == 0)
        wherry_sctp_flight_reset (&self->flight);
      feed (self);
    }
}

/* Whether somebody who was told BLOCKED may have more luck now. */
static gboolean
is_writable (WherrySctpAssociation *self, gboolean any_closed)
{
  if (self->turns.n_open == 0)
    return (usrsctp_get_events (self->so) & SCTP_EVENT_WRITE) != 0;
  if (!self->interleaving)
    return FALSE;
  return any_closed
         || (wherry_sctp_turns_is_waiting_next (&self->turns)
             && has_room (self, self->turns.waiting_length));
}

void
wherry_sctp_association_continue_send (WherrySctpAssociation *self)
{
  guint n_closed = self->turns.n_closed;

  if (self->state != WHERRY_TRANSPORT_CONNECTED || self->tail.message != NULL)
    return;
  feed (self);
  feed_given_up (self);
  if (!self->blocked || self->end_error != NULL
      || !is_writable (self, self->turns.n_closed != n_closed))
    return;
  self->blocked = FALSE;
  self->turns.waiting_length = 0;
  if (self->events != NULL && self->events->writable != NULL)
    self->events->writable (self->user_data);
  /* those that are open go on behind what was sent just now */
  if (self->turns.n_open > 0)
    wherry_sctp_association_schedule (self);
}

static gsize
get_most (WherrySctpAssociation *self)
{
  if (!self->interleaving)
    return self->config.send_buffer;
  return self->config.send_buffer + WHERRY_SCTP_SNDBUF_PAST;
}

/* Messages that were given up before they were sent leave no trace in the packets: when every TSN
 * is acknowledged, ask whether anything is left at all. */
static void
correct_flight (WherrySctpAssociation *self)
{
  struct sctp_status status = { 0 };
  socklen_t length = sizeof status;

  if (self->flight.unacked == 0 && self->flight.unsent > 0 && self->turns.n_open == 0
      && usrsctp_getsockopt (self->so, IPPROTO_SCTP, SCTP_STATUS, &status, &length) == 0
      && status.sstat_unackdata == 0 && status.sstat_penddata == 0)
    wherry_sctp_flight_reset (&self->flight);
}

gsize
wherry_sctp_association_get_buffered (WherryStreamTransport *transport)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);
  gsize buffered;

  if (self->so == NULL)
    return 0;
  correct_flight (self);
  /* usrsctp never holds more than its buffer */
  buffered = MIN (wherry_sctp_flight_get_bytes (&self->flight), get_most (self));
  if (self->tail.message != NULL)
    buffered += wherry_message_get_length (self->tail.message);
  return buffered + wherry_sctp_turns_get_left (&self->turns);
}
