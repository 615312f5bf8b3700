/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-member-private.h"

/* ---- who takes its messages ---- */

static void
apply_paused (WherryMember *self)
{
  if (self->local != NULL)
    wherry_local_member_set_paused (self->local,
                                    self->paused || (!self->has_handler && !self->send_only));
}

/* GObject does not tell of a handler that is connected: it is looked for before the context waits,
 * which is after whatever could have connected it on this thread. */
typedef struct
{
  GSource source;
  WherryMember *member; /* borrowed: it destroys the source */
} Starter;

static gboolean
starter_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return wherry_member_has_message_handler (((Starter *) source)->member);
}

static gboolean
starter_check (GSource *source)
{
  return wherry_member_has_message_handler (((Starter *) source)->member);
}

static gboolean
starter_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  WherryMember *self = ((Starter *) source)->member;

  self->has_handler = TRUE;
  wherry_clock_clear_source (&self->starter);
  apply_paused (self);
  return G_SOURCE_REMOVE;
}

static void
start_waiting (WherryMember *self, GMainContext *context)
{
  static GSourceFuncs funcs
      = { .prepare = starter_prepare, .check = starter_check, .dispatch = starter_dispatch };

  self->starter = g_source_new (&funcs, sizeof (Starter));
  g_source_set_static_name (self->starter, "wherry-member");
  ((Starter *) self->starter)->member = self;
  g_source_attach (self->starter, context);
}

/* ---- what it hears ---- */

static void
on_message (gpointer user_data, const char *topic, WherryMessage *message)
{
  g_autoptr (WherryMember) self = g_object_ref (user_data);

  if (!self->send_only)
    wherry_member_emit_message (self, topic, message);
}

static void
on_notice (gpointer user_data, WherrySignalError code, const char *text)
{
  g_autoptr (WherryMember) self = g_object_ref (user_data);

  wherry_member_emit_notice (self, code, text);
}

static void
on_msg (gpointer user_data, const char *from, const char *object, gsize length)
{
  /* notes of the room's signaling: not for members that have none */
}

static void
on_drained (gpointer user_data)
{
  g_autoptr (WherryMember) self = g_object_ref (user_data);

  wherry_member_emit_drained (self);
}

/* The room, which holds a reference, lets go of it next. */
static void
on_left (gpointer user_data, WherryLeaveReason reason)
{
  WherryMember *self = user_data;

  wherry_clock_clear_source (&self->starter);
  g_clear_pointer (&self->local, wherry_local_member_free);
}

static const WherryLocalMemberEvents events = {
  .message = on_message,
  .notice = on_notice,
  .msg = on_msg,
  .drained = on_drained,
  .left = on_left,
};

static WherryError
error_of (WherrySignalError code)
{
  if (code == WHERRY_SIGNAL_ERROR_BAD_ROOM || code == WHERRY_SIGNAL_ERROR_BAD_MESSAGE)
    return WHERRY_ERROR_INVALID_ARGUMENT;
  if (code == WHERRY_SIGNAL_ERROR_FORBIDDEN)
    return WHERRY_ERROR_FORBIDDEN;
  return code == WHERRY_SIGNAL_ERROR_SHUTTING_DOWN ? WHERRY_ERROR_CLOSED : WHERRY_ERROR_LIMIT;
}

WherryMember *
wherry_member_join (WherryRelayCore *core, const char *room, const char *name,
                    WherryJoinFlags flags, GError **error)
{
  g_autoptr (WherryMember) self = wherry_member_new (room, name);
  const WherryJoin join
      = { .room = room, .name = name, .mirror = (flags & WHERRY_JOIN_FLAGS_NO_MIRROR) == 0 };
  WherrySignalError code = WHERRY_SIGNAL_ERROR_NONE;
  g_autoptr (GError) refused = NULL;

  self->is_local = TRUE;
  self->send_only = (flags & WHERRY_JOIN_FLAGS_SEND_ONLY) != 0;
  wherry_relay_core_expect (core, self);
  self->local = wherry_local_member_join (wherry_relay_core_get_hub (core), &join, &events, self,
                                          &code, &refused);
  wherry_relay_core_expect (core, NULL);
  if (self->local == NULL)
    {
      g_set_error (error, WHERRY_ERROR, error_of (code), "joining “%s”: %s", room,
                   refused->message);
      return NULL;
    }
  if (self->send_only)
    apply_paused (self);
  else
    start_waiting (self, wherry_relay_core_get_context (core));
  return g_steal_pointer (&self);
}

/* ---- what it does ---- */

static gboolean
check_local (WherryMember *self, GError **error)
{
  if (self->local != NULL)
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                       self->is_local ? "the member has left"
                                      : "the member is not inside the process");
  return FALSE;
}

gboolean
wherry_member_subscribe (WherryMember *self, const char *topic, gboolean lossy, GError **error)
{
  const WherryChannelInit init = { .protocol = "",
                                   .ordered = !lossy,
                                   .reliability = lossy ? WHERRY_MAX_RETRANSMITS : WHERRY_RELIABLE,
                                   .priority = 256,
                                   .id = WHERRY_CHANNEL_ID_NONE };

  g_return_val_if_fail (WHERRY_IS_MEMBER (self), FALSE);
  g_return_val_if_fail (topic != NULL, FALSE);
  return check_local (self, error) && wherry_local_member_open (self->local, topic, &init, error);
}

gboolean
wherry_member_send_text (WherryMember *self, const char *topic, const char *text, GError **error)
{
  g_return_val_if_fail (WHERRY_IS_MEMBER (self), FALSE);
  g_return_val_if_fail (topic != NULL && text != NULL, FALSE);
  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           "the text is not UTF-8");
      return FALSE;
    }
  return check_local (self, error)
         && wherry_local_member_send (self->local, topic, WHERRY_MESSAGE_TEXT,
                                      (const guint8 *) text, strlen (text), error);
}

gboolean
wherry_member_send_bytes (WherryMember *self, const char *topic, GBytes *bytes, GError **error)
{
  gsize length;
  const guint8 *data;

  g_return_val_if_fail (WHERRY_IS_MEMBER (self), FALSE);
  g_return_val_if_fail (topic != NULL && bytes != NULL, FALSE);
  data = g_bytes_get_data (bytes, &length);
  return check_local (self, error)
         && wherry_local_member_send (self->local, topic, WHERRY_MESSAGE_BINARY, data, length,
                                      error);
}

guint64
wherry_member_get_buffered_amount (WherryMember *self)
{
  g_return_val_if_fail (WHERRY_IS_MEMBER (self), 0);
  return self->local != NULL ? wherry_local_member_get_buffered (self->local) : 0;
}

void
wherry_member_set_paused (WherryMember *self, gboolean paused)
{
  g_return_if_fail (WHERRY_IS_MEMBER (self));
  if (self->paused == paused)
    return;
  self->paused = paused;
  apply_paused (self);
  g_object_notify (G_OBJECT (self), "paused");
}

void
wherry_member_leave (WherryMember *self)
{
  g_return_if_fail (WHERRY_IS_MEMBER (self));
  if (self->local != NULL)
    wherry_local_member_leave (self->local);
}
