/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-local-member.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-owner.h"
#include "peer/wherry-local-end.h"
#include "relay/wherry-relay-hub-private.h"

struct _WherryLocalMember
{
  /* hub thread only */
  guint ref_count;
  WherryOwner owner;
  gsize max_message_size;
  WherryRelayMember *member;             /* borrowed; NULL: it has left */
  const WherryLocalMemberEvents *events; /* NULL: nobody listens any more */
  gpointer user_data;
  WherryLocalEnd *end;
  gboolean leaving;
};

static WherryLocalMember *
local_ref (WherryLocalMember *self)
{
  self->ref_count++;
  return self;
}

static void
local_unref (WherryLocalMember *self)
{
  if (--self->ref_count > 0)
    return;
  wherry_local_end_unref (self->end);
  g_free (self);
}

/* ---- sending ---- */

static gboolean
check_topic (WherryLocalMember *self, const char *topic, GError **error)
{
  if (self->member == NULL || self->leaving)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the member has left");
      return FALSE;
    }
  if (!g_str_has_prefix (topic, WHERRY_LABEL_RESERVED))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               "topics that begin with “%s” are the relay's own", WHERRY_LABEL_RESERVED);
  return FALSE;
}

gboolean
wherry_local_member_open (WherryLocalMember *self, const char *topic, const WherryChannelInit *init,
                          GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  return check_topic (self, topic, error) && wherry_local_end_open (self->end, topic, init, error);
}

gboolean
wherry_local_member_send (WherryLocalMember *self, const char *topic, WherryMessageKind kind,
                          const guint8 *data, gsize length, GError **error)
{
  WHERRY_ASSERT_OWNER (self);
  if (!check_topic (self, topic, error))
    return FALSE;
  if (length <= self->max_message_size)
    return wherry_local_end_send (self->end, topic, kind, data, length, error);
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE,
               "a message of %" G_GSIZE_FORMAT " bytes: the relay takes %" G_GSIZE_FORMAT, length,
               self->max_message_size);
  return FALSE;
}

/* ---- what its connection says ---- */

static void
tell_notice (WherryLocalMember *self, WherryMessage *message)
{
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  g_autoptr (WherrySignal) notice = wherry_signal_parse_server ((const char *) data, length, NULL);

  if (notice != NULL && notice->type == WHERRY_SIGNAL_ERROR)
    self->events->notice (self->user_data, notice->code, notice->message);
}

static void
on_message (gpointer user_data, const char *label, WherryMessage *message)
{
  WherryLocalMember *self = local_ref (user_data);

  if (self->events != NULL && strcmp (label, WHERRY_LABEL_NOTICES) == 0)
    tell_notice (self, message);
  else if (self->events != NULL && !self->leaving)
    self->events->message (self->user_data, label, message);
  local_unref (self);
}

static void
on_drained (gpointer user_data)
{
  WherryLocalMember *self = user_data;

  if (self->events != NULL)
    self->events->drained (self->user_data);
}

static const WherryLocalEndEvents end_events = {
  .message = on_message,
  .drained = on_drained,
};

/* ---- what the relay says ---- */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
}

static void
on_answered (gpointer user_data)
{
}

static void
on_news (gpointer user_data, const WherrySignalNews *news)
{
  WherryLocalMember *self = user_data;

  if (news->type == WHERRY_SIGNAL_MSG && self->events != NULL)
    self->events->msg (self->user_data, news->peer, news->data, news->length);
}

static void
on_left (gpointer user_data, WherryLeaveReason reason)
{
  WherryLocalMember *self = user_data;
  const WherryLocalMemberEvents *events = self->events;

  self->member = NULL;
  self->events = NULL;
  wherry_local_end_close (self->end);
  if (events != NULL)
    events->left (self->user_data, reason);
  local_unref (self); /* the member's */
}

/* Who is in the room, its owner sees by the hub's observer. */
static const WherryMemberEvents member_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .answered = on_answered,
  .news = on_news,
  .left = on_left,
};

/* ---- life ---- */

static WherryLocalMember *
local_new (WherryRelayHub *relay, const WherryLocalMemberEvents *events, gpointer user_data)
{
  const WherryRelayConfig *config = wherry_relay_hub_get_config (relay);
  WherryLocalMember *self = g_new0 (WherryLocalMember, 1);

  self->ref_count = 1;
  wherry_owner_init (&self->owner);
  self->max_message_size = config->max_message_size;
  self->events = events;
  self->user_data = user_data;
  self->end = wherry_local_end_new (relay->context, config->channels_per_member + 2,
                                    wherry_relay_hub_get_budget (relay), &end_events, self);
  return self;
}

WherryLocalMember *
wherry_local_member_join (WherryRelayHub *relay, const WherryJoin *join,
                          const WherryLocalMemberEvents *events, gpointer user_data,
                          WherrySignalError *code, GError **error)
{
  const WherryChannelInit notices
      = { .protocol = "", .ordered = TRUE, .priority = 256, .id = WHERRY_CHANNEL_ID_NONE };
  WherryLocalMember *self = local_new (relay, events, user_data);
  WherryJoin own = *join;

  own.address = NULL;
  own.transport = wherry_local_end_connect;
  own.transport_data = self->end;
  self->member = wherry_relay_hub_join (relay, &own, &member_events, local_ref (self), code, error);
  if (self->member == NULL)
    {
      local_unref (self);
      wherry_local_end_close (self->end);
      local_unref (self);
      return NULL;
    }
  wherry_local_end_open (self->end, WHERRY_LABEL_NOTICES, &notices, NULL);
  wherry_local_end_ref (self->end); /* connect()'s */
  if (!wherry_relay_member_start (self->member, code, error))
    {
      wherry_local_end_unref (self->end);
      wherry_local_member_free (self);
      return NULL;
    }
  return self;
}

void
wherry_local_member_free (WherryLocalMember *self)
{
  WHERRY_ASSERT_OWNER (self);
  self->events = NULL;
  if (self->member != NULL)
    wherry_relay_member_leave (self->member, WHERRY_LEAVE_LEFT);
  local_unref (self);
}

WherryRelayMember *
wherry_local_member_get_member (WherryLocalMember *self)
{
  return self->member;
}

gsize
wherry_local_member_get_buffered (WherryLocalMember *self)
{
  return wherry_local_end_get_buffered (self->end);
}

void
wherry_local_member_set_paused (WherryLocalMember *self, gboolean paused)
{
  WHERRY_ASSERT_OWNER (self);
  wherry_local_end_set_paused (self->end, paused);
}

void
wherry_local_member_leave (WherryLocalMember *self)
{
  WHERRY_ASSERT_OWNER (self);
  if (self->member == NULL || self->leaving)
    return;
  self->leaving = TRUE;
  /* the left event follows when the relay sees the end of the connection */
  if (!wherry_local_end_finish (self->end))
    wherry_relay_member_leave (self->member, WHERRY_LEAVE_LEFT);
}
