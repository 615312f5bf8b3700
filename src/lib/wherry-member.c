/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-member.h"

#include <string.h>

#include "base/wherry-error.h"
#include "lib/wherry-attributes-private.h"
#include "lib/wherry-enum-types.h"
#include "lib/wherry-member-private.h"
#include "wire/wherry-reason.h"

typedef enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_ROOM,
  PROP_STATE,
  PROP_PATH,
  PROP_LEAVE_REASON,
  PROP_IS_LOCAL,
  PROP_BUFFERED_AMOUNT,
  PROP_PAUSED,
  PROP_ATTRIBUTES,
} Property;

static GParamSpec *properties[PROP_ATTRIBUTES + 1];

enum
{
  SIGNAL_MESSAGE,
  SIGNAL_NOTICE,
  SIGNAL_DRAINED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WherryMember, wherry_member, G_TYPE_OBJECT)

static void
wherry_member_finalize (GObject *object)
{
  WherryMember *self = WHERRY_MEMBER (object);

  g_assert (self->local == NULL && self->starter == NULL);
  g_clear_pointer (&self->core, wherry_relay_core_unref);
  g_free (self->id);
  g_free (self->name);
  g_free (self->room);
  g_free (self->path);
  g_free (self->attributes);
  G_OBJECT_CLASS (wherry_member_parent_class)->finalize (object);
}

static void
wherry_member_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryMember *self = WHERRY_MEMBER (object);

  switch ((Property) id)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_ROOM:
      g_value_set_string (value, self->room);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_LEAVE_REASON:
      g_value_set_string (value, self->leave_reason);
      break;
    case PROP_IS_LOCAL:
      g_value_set_boolean (value, self->is_local);
      break;
    case PROP_BUFFERED_AMOUNT:
      g_value_set_uint64 (value, wherry_member_get_buffered_amount (self));
      break;
    case PROP_PAUSED:
      g_value_set_boolean (value, self->paused);
      break;
    case PROP_ATTRIBUTES:
      g_value_set_string (value, self->attributes);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_member_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_PAUSED)
    wherry_member_set_paused (WHERRY_MEMBER (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
install_properties (GObjectClass *klass)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * WherryMember:id:
   *
   * 16 hexadecimal digits, as the others know it.
   */
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  /**
   * WherryMember:name:
   *
   * The name that it gave itself.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  /**
   * WherryMember:room:
   *
   * The name of its room.
   */
  properties[PROP_ROOM] = g_param_spec_string ("room", NULL, NULL, NULL, flags);
  /**
   * WherryMember:state:
   *
   * Whether it is there.
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, WHERRY_TYPE_MEMBER_STATE,
                                              WHERRY_MEMBER_STATE_JOINED, flags);
  /**
   * WherryMember:path:
   *
   * How it is connected.
   */
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  /**
   * WherryMember:leave-reason:
   *
   * Why it left.
   */
  properties[PROP_LEAVE_REASON] = g_param_spec_string ("leave-reason", NULL, NULL, NULL, flags);
  /**
   * WherryMember:is-local: (getter is_local)
   *
   * Whether it is inside the process.
   */
  properties[PROP_IS_LOCAL] = g_param_spec_boolean ("is-local", NULL, NULL, FALSE, flags);
  /**
   * WherryMember:buffered-amount:
   *
   * Payload bytes that were given to the send functions and wait for the others.
   */
  properties[PROP_BUFFERED_AMOUNT]
      = g_param_spec_uint64 ("buffered-amount", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  /**
   * WherryMember:paused:
   *
   * Whether it hears nothing for now.
   */
  properties[PROP_PAUSED]
      = g_param_spec_boolean ("paused", NULL, NULL, FALSE, flags | G_PARAM_WRITABLE);
  /**
   * WherryMember:attributes:
   *
   * What it says about itself: a JSON object.
   */
  properties[PROP_ATTRIBUTES] = g_param_spec_string ("attributes", NULL, NULL, NULL, flags);
  g_object_class_install_properties (klass, G_N_ELEMENTS (properties), properties);
}

static void
wherry_member_class_init (WherryMemberClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = wherry_member_finalize;
  object_class->get_property = wherry_member_get_property;
  object_class->set_property = wherry_member_set_property;
  install_properties (object_class);

  /**
   * WherryMember::message:
   * @self: a member inside the process
   * @topic: the label
   * @data: the payload
   * @is_text: whether it is text: UTF-8, without a NUL at its end
   *
   * Somebody else of the room sent a message on a topic that it hears.
   */
  signals[SIGNAL_MESSAGE]
      = g_signal_new ("message", WHERRY_TYPE_MEMBER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_BYTES, G_TYPE_BOOLEAN);
  /**
   * WherryMember::notice:
   * @self: a member inside the process
   * @code: an error code of the protocol, as `too-large`
   * @text: for people
   *
   * The relay has something to say about what it sent: a message was larger than some receivers
   * take, a channel was refused.
   */
  signals[SIGNAL_NOTICE] = g_signal_new ("notice", WHERRY_TYPE_MEMBER, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * WherryMember::drained:
   * @self: a member inside the process
   *
   * What waited for the others was taken: there is room to send again.
   */
  signals[SIGNAL_DRAINED] = g_signal_new ("drained", WHERRY_TYPE_MEMBER, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void
wherry_member_init (WherryMember *self)
{
}

WherryMember *
wherry_member_new (const char *room, const char *name)
{
  WherryMember *self = g_object_new (WHERRY_TYPE_MEMBER, NULL);

  self->room = g_strdup (room);
  self->name = g_strdup (name);
  return self;
}

void
wherry_member_set_id (WherryMember *self, const char *id, WherryRelayCore *core)
{
  self->id = g_strdup (id);
  self->core = core != NULL ? wherry_relay_core_ref (core) : NULL;
}

void
wherry_member_update (WherryMember *self, WherryMemberState state, const char *path)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (self->state != state)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  self->state = state;
  if (g_strcmp0 (self->path, path) != 0)
    {
      g_free (self->path);
      self->path = g_strdup (path);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PATH]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

void
wherry_member_take_attributes (WherryMember *self, const char *attributes)
{
  if (g_strcmp0 (self->attributes, attributes) == 0)
    return;
  g_free (self->attributes);
  self->attributes = g_strdup (attributes);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ATTRIBUTES]);
}

void
wherry_member_set_left (WherryMember *self, WherryLeaveReason reason)
{
  if (self->state == WHERRY_MEMBER_STATE_LEFT)
    return;
  g_object_freeze_notify (G_OBJECT (self));
  g_clear_pointer (&self->core, wherry_relay_core_unref);
  self->state = WHERRY_MEMBER_STATE_LEFT;
  self->leave_reason = wherry_leave_reason_to_string (reason);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEAVE_REASON]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
unref_message (gpointer message)
{
  wherry_message_unref (message);
}

void
wherry_member_emit_message (WherryMember *self, const char *topic, WherryMessage *message)
{
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  g_autoptr (GBytes) bytes
      = g_bytes_new_with_free_func (data, length, unref_message, wherry_message_ref (message));

  g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, topic, bytes,
                 wherry_message_get_kind (message) == WHERRY_MESSAGE_TEXT);
}

void
wherry_member_emit_notice (WherryMember *self, WherrySignalError code, const char *text)
{
  g_signal_emit (self, signals[SIGNAL_NOTICE], 0, wherry_signal_error_to_string (code), text);
}

void
wherry_member_emit_drained (WherryMember *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUFFERED_AMOUNT]);
  g_signal_emit (self, signals[SIGNAL_DRAINED], 0);
}

gboolean
wherry_member_has_message_handler (WherryMember *self)
{
  return g_signal_has_handler_pending (self, signals[SIGNAL_MESSAGE], 0, FALSE);
}

/* (nullable) */
static WherryRelayMember *
find_here (WherryMember *self, GError **error)
{
  WherryRelayMember *member = NULL;

  if (self->core != NULL)
    member = wherry_relay_hub_lookup (wherry_relay_core_get_hub (self->core), self->id);
  if (member != NULL)
    return member;
  if (self->state == WHERRY_MEMBER_STATE_LEFT)
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the member has left");
  else
    g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_FORBIDDEN,
                         "the member's relay is not in this process");
  return NULL;
}

gboolean
wherry_member_kick (WherryMember *self, GError **error)
{
  WherryRelayMember *member;

  g_return_val_if_fail (WHERRY_IS_MEMBER (self), FALSE);
  member = find_here (self, error);
  if (member == NULL)
    return FALSE;
  wherry_relay_member_leave (member, WHERRY_LEAVE_KICKED);
  return TRUE;
}

gboolean
wherry_member_ban (WherryMember *self, guint seconds, GError **error)
{
  WherryRelayMember *member;

  g_return_val_if_fail (WHERRY_IS_MEMBER (self), FALSE);
  g_return_val_if_fail (seconds > 0, FALSE);
  member = find_here (self, error);
  if (member == NULL)
    return FALSE;
  if (wherry_relay_member_ban (member, seconds * G_GINT64_CONSTANT (1000000)))
    return TRUE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                       "the member was kicked: it cannot be known again, or too many are banned");
  return FALSE;
}

gboolean
wherry_member_set_attributes (WherryMember *self, const char *json, GError **error)
{
  WherryRelayMember *member;
  WherrySignalError code;

  g_return_val_if_fail (WHERRY_IS_MEMBER (self), FALSE);
  if (!wherry_attributes_check (json, error))
    return FALSE;
  member = find_here (self, error);
  return member != NULL && wherry_relay_member_set_attributes (member, json, NULL, &code, error);
}

/* ---- properties ---- */

#define DEFINE_GETTER(type, name, field, otherwise)                                                \
  type wherry_member_##name (WherryMember *self)                                                   \
  {                                                                                                \
    g_return_val_if_fail (WHERRY_IS_MEMBER (self), otherwise);                                     \
    return self->field;                                                                            \
  }

DEFINE_GETTER (const char *, get_id, id, NULL)
DEFINE_GETTER (const char *, get_name, name, NULL)
DEFINE_GETTER (const char *, get_room, room, NULL)
DEFINE_GETTER (WherryMemberState, get_state, state, WHERRY_MEMBER_STATE_LEFT)
DEFINE_GETTER (const char *, get_path, path, NULL)
DEFINE_GETTER (const char *, get_attributes, attributes, NULL)
DEFINE_GETTER (const char *, get_leave_reason, leave_reason, NULL)
DEFINE_GETTER (gboolean, is_local, is_local, FALSE)
DEFINE_GETTER (gboolean, get_paused, paused, FALSE)
