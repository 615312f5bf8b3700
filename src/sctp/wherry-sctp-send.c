/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "sctp/wherry-sctp-association-private.h"
#include "sctp/wherry-sctp-options.h"

static const guint8 empty_payload[1] = { 0 };

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
hand_over (WherrySctpAssociation *self, guint16 stream, const WherrySendOptions *options,
           WherryMessage *message, gsize offset)
{
  struct sctp_sendv_spa spa;
  gsize length;
  const guint8 *data = get_payload (message, &length);
  /* one call must not have more than the send buffer: EMSGSIZE */
  gsize piece = MIN (length - offset, self->config.send_buffer / 2);
  gssize taken;
  int reason;

  fill_info (&spa, stream, options, wherry_message_get_ppid (message), offset + piece == length);
  WHERRY_SCTP_CALL (self, taken = usrsctp_sendv (self->so, data + offset, piece, NULL, 0, &spa,
                                                 sizeof spa, SCTP_SENDV_SPA, 0));
  reason = errno;
  if (taken >= 0)
    {
      wherry_sctp_flight_taken (&self->flight, (gsize) taken);
      return taken;
    }
  if (reason == EAGAIN || reason == EWOULDBLOCK || reason == ENOBUFS)
    return 0;
  wherry_debug (&self->log, "Sending on stream %u: %s", stream, g_strerror (reason));
  return -1;
}

void
wherry_sctp_association_clear_send (WherrySctpAssociation *self)
{
  g_clear_pointer (&self->pending, wherry_message_unref);
  wherry_sctp_flight_clear (&self->flight);
  self->blocked = FALSE;
  self->tail = FALSE;
}

/* FALSE: no room for all of it. */
static gboolean
feed_pending (WherrySctpAssociation *self)
{
  while (self->pending != NULL)
    {
      gssize taken = hand_over (self, self->pending_stream, &self->pending_options, self->pending,
                                self->pending_offset);

      if (taken == 0)
        return FALSE;
      if (taken < 0)
        {
          /* what is in cannot be closed, and whatever came next would be glued to it */
          wherry_sctp_association_end (self, WHERRY_TRANSPORT_FAILED,
                                       g_error_new (WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                                                    "The SCTP association takes no more"));
          wherry_sctp_association_schedule (self);
          g_clear_pointer (&self->pending, wherry_message_unref);
          return FALSE;
        }
      if (self->pending_offset + (gsize) taken < payload_length (self->pending))
        {
          self->pending_offset += (gsize) taken;
          continue;
        }
      g_clear_pointer (&self->pending, wherry_message_unref);
    }
  return TRUE;
}

/* While corked, messages share packets: usrsctp fills them as long as SCTP_NODELAY is off, and the
 * last message is kept back until it is known to be the last: given with SCTP_NODELAY on, it sends
 * off all that waits. Nothing ever waits for time to pass. */
static void
give_tail (WherrySctpAssociation *self, gboolean last)
{
  self->tail = FALSE;
  if (self->bundles == last)
    {
      self->bundles = !last;
      wherry_sctp_options_set_bundling (self->so, self->bundles);
    }
  feed_pending (self);
}

void
wherry_sctp_association_flush_tail (WherrySctpAssociation *self)
{
  give_tail (self, TRUE);
  /* a reset that had to wait behind it */
  if (self->resets->len > 0)
    wherry_sctp_association_schedule (self);
}

WherrySendResult
wherry_sctp_association_send (WherryStreamTransport *transport, guint16 stream,
                              const WherrySendOptions *options, WherryMessage *message)
{
  WherrySctpAssociation *self = WHERRY_SCTP_ASSOCIATION (transport);
  gssize taken;

  WHERRY_ASSERT_OWNER (self);

  if (self->so == NULL || self->state != WHERRY_TRANSPORT_CONNECTED || self->end_error != NULL
      || stream >= self->n_streams)
    return WHERRY_SEND_FAILED;
  if (self->tail)
    give_tail (self, FALSE);
  if (self->pending != NULL)
    {
      self->blocked = TRUE;
      return WHERRY_SEND_BLOCKED;
    }
  self->pending_offset = 0;
  self->pending_stream = stream;
  self->pending_options = *options;
  if (self->corked > 0)
    {
      self->pending = wherry_message_ref (message);
      self->tail = TRUE;
      return WHERRY_SEND_OK;
    }

  wherry_sctp_association_cork (self);
  taken = hand_over (self, stream, options, message, 0);
  if (taken > 0 && (gsize) taken < payload_length (message))
    {
      self->pending = wherry_message_ref (message);
      self->pending_offset = (gsize) taken;
      feed_pending (self);
    }
  wherry_sctp_association_uncork (self);
  if (taken < 0)
    return WHERRY_SEND_FAILED;
  if (taken == 0)
    {
      self->blocked = TRUE;
      return WHERRY_SEND_BLOCKED;
    }
  return WHERRY_SEND_OK;
}

void
wherry_sctp_association_continue_send (WherrySctpAssociation *self)
{
  if (self->state != WHERRY_TRANSPORT_CONNECTED || self->tail || !feed_pending (self)
      || !self->blocked)
    return;
  if ((usrsctp_get_events (self->so) & SCTP_EVENT_WRITE) == 0)
    return;
  self->blocked = FALSE;
  if (self->events != NULL && self->events->writable != NULL)
    self->events->writable (self->user_data);
}

/* Messages that were given up before they were sent leave no trace in the packets: when every TSN
 * is acknowledged, ask whether anything is left at all. */
static void
correct_flight (WherrySctpAssociation *self)
{
  struct sctp_status status = { 0 };
  socklen_t length = sizeof status;

  if (self->flight.unacked == 0 && self->flight.unsent > 0 && self->pending == NULL
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
  buffered = MIN (wherry_sctp_flight_get_bytes (&self->flight), self->config.send_buffer);
  if (self->pending != NULL)
    buffered += wherry_message_get_length (self->pending) - self->pending_offset;
  return buffered;
}
