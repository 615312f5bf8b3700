/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A member inside the process: both ends of its connection belong to the hub's thread, and no
 * network, thread or descriptor is needed. What it is sent goes through its outboxes as everybody
 * else's does: one that does not take its messages is a slow consumer. Everything here: Thread: hub
 */

#include "relay/wherry-relay-hub.h"
#include "wire/wherry-message.h"

G_BEGIN_DECLS

typedef struct _WherryLocalMember WherryLocalMember;

/* From the hub's context, never from inside a call but for left. */
typedef struct
{
  void (*message) (gpointer user_data, const char *topic, WherryMessage *message);
  /* What the relay has to say about what was sent. */
  void (*notice) (gpointer user_data, WherrySignalError code, const char *text);
  /* A msg of the room's: raw JSON. */
  void (*msg) (gpointer user_data, const char *from, const char *object, gsize length);
  /* Everything that waited here was taken by the relay. */
  void (*drained) (gpointer user_data);
  /* The last call. */
  void (*left) (gpointer user_data, WherryLeaveReason reason);
} WherryLocalMemberEvents;

/* Paused to begin with. address of join is not looked at. Errors: wherry_relay_hub_join()'s.
 * (transfer full) */
WherryLocalMember *wherry_local_member_join (WherryRelayHub *relay, const WherryJoin *join,
                                             const WherryLocalMemberEvents *events,
                                             gpointer user_data, WherrySignalError *code,
                                             GError **error);
/* No event is called any more; a member that has not left leaves at once. */
void wherry_local_member_free (WherryLocalMember *self);

/* The member, until it has left; NULL afterwards. */
WherryRelayMember *wherry_local_member_get_member (WherryLocalMember *self);

/* A channel of its own for topic (init: its label is not looked at); a newer one takes the place of
 * the one before. Errors: WHERRY_ERROR_CLOSED, WHERRY_ERROR_INVALID_ARGUMENT. */
gboolean wherry_local_member_open (WherryLocalMember *self, const char *topic,
                                   const WherryChannelInit *init, GError **error);
/* On the channel that there is for topic; without one, on a reliable and ordered one of its own.
 * Errors: as open()'s; WHERRY_ERROR_TOO_LARGE: larger than the relay takes;
 * WHERRY_ERROR_WOULD_BLOCK: WHERRY_SEND_BUFFER_LIMIT_DEFAULT bytes wait already. */
gboolean wherry_local_member_send (WherryLocalMember *self, const char *topic,
                                   WherryMessageKind kind, const guint8 *data, gsize length,
                                   GError **error);
/* Payload bytes that were given to send() and that the relay has not taken. */
gsize wherry_local_member_get_buffered (WherryLocalMember *self);
/* While paused no message is told, and after WHERRY_LOCAL_STREAM_WINDOW bytes its outboxes fill. */
void wherry_local_member_set_paused (WherryLocalMember *self, gboolean paused);
/* Once the relay has taken what was sent; the left event tells. */
void wherry_local_member_leave (WherryLocalMember *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryLocalMember, wherry_local_member_free)

G_END_DECLS
