/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-relay.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-configuration-private.h"
#include "lib/wherry-member-private.h"
#include "lib/wherry-relay-private.h"

struct _WherryRelay
{
  GObject parent_instance;

  /* creator's thread only */
  GMainContext *context;
  WherryConfiguration *configuration;
  WherryRelayConfig *limits; /* what the core is made with */
  WherryRelayCore *core;     /* NULL: nobody needed it */
  GListStore *rooms;         /* the core's, or an empty one until there is one */
  gboolean closed;           /* before there was a core */
};

typedef enum
{
  PROP_CONFIGURATION = 1,
  PROP_ROOMS,
  PROP_MAX_MEMBERS,
  PROP_MEMBERS_PER_ROOM,
  PROP_TOPICS_PER_ROOM,
  PROP_CHANNELS_PER_MEMBER,
  PROP_MEMBER_BYTES,
  PROP_MEMORY_BUDGET,
  PROP_OUTBOX_HIGH,
  PROP_OUTBOX_LOW,
  PROP_BLOCK_LIMIT,
  PROP_CONNECT_LIMIT,
} Property;

static GParamSpec *properties[PROP_CONNECT_LIMIT + 1];

G_DEFINE_FINAL_TYPE (WherryRelay, wherry_relay, G_TYPE_OBJECT)

static void
wherry_relay_finalize (GObject *object)
{
  WherryRelay *self = WHERRY_RELAY (object);

  if (self->core != NULL)
    wherry_relay_core_post_close (self->core);
  g_clear_pointer (&self->core, wherry_relay_core_unref);
  g_clear_pointer (&self->limits, wherry_relay_config_free);
  g_clear_object (&self->configuration);
  g_clear_object (&self->rooms);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (wherry_relay_parent_class)->finalize (object);
}

static void
wherry_relay_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryRelay *self = WHERRY_RELAY (object);
  const WherryRelayConfig *limits = self->limits;

  switch ((Property) id)
    {
    case PROP_CONFIGURATION:
      g_value_set_object (value, self->configuration);
      break;
    case PROP_ROOMS:
      g_value_set_object (value, self->rooms);
      break;
    case PROP_MAX_MEMBERS:
      g_value_set_uint (value, limits->max_peers);
      break;
    case PROP_MEMBERS_PER_ROOM:
      g_value_set_uint (value, limits->members_per_room);
      break;
    case PROP_TOPICS_PER_ROOM:
      g_value_set_uint (value, limits->topics_per_room);
      break;
    case PROP_CHANNELS_PER_MEMBER:
      g_value_set_uint (value, limits->channels_per_member);
      break;
    case PROP_MEMBER_BYTES:
      g_value_set_uint64 (value, limits->member_bytes);
      break;
    case PROP_MEMORY_BUDGET:
      g_value_set_uint64 (value, limits->memory_budget);
      break;
    case PROP_OUTBOX_HIGH:
      g_value_set_uint64 (value, limits->outbox.outbox_high);
      break;
    case PROP_OUTBOX_LOW:
      g_value_set_uint64 (value, limits->outbox.outbox_low);
      break;
    case PROP_BLOCK_LIMIT:
      g_value_set_uint (value, (guint) (limits->outbox.block_limit_us / 1000));
      break;
    case PROP_CONNECT_LIMIT:
      g_value_set_uint (value, (guint) (limits->connect_limit_us / 1000));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_relay_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WherryRelay *self = WHERRY_RELAY (object);
  WherryRelayConfig *limits = self->limits;

  switch ((Property) id)
    {
    case PROP_CONFIGURATION:
      g_set_object (&self->configuration, g_value_get_object (value));
      break;
    case PROP_MAX_MEMBERS:
      limits->max_peers = g_value_get_uint (value);
      break;
    case PROP_MEMBERS_PER_ROOM:
      limits->members_per_room = g_value_get_uint (value);
      break;
    case PROP_TOPICS_PER_ROOM:
      limits->topics_per_room = g_value_get_uint (value);
      break;
    case PROP_CHANNELS_PER_MEMBER:
      limits->channels_per_member = g_value_get_uint (value);
      break;
    case PROP_MEMBER_BYTES:
      limits->member_bytes = g_value_get_uint64 (value);
      break;
    case PROP_MEMORY_BUDGET:
      limits->memory_budget = g_value_get_uint64 (value);
      break;
    case PROP_OUTBOX_HIGH:
      limits->outbox.outbox_high = g_value_get_uint64 (value);
      break;
    case PROP_OUTBOX_LOW:
      limits->outbox.outbox_low = g_value_get_uint64 (value);
      break;
    case PROP_BLOCK_LIMIT:
      limits->outbox.block_limit_us = (gint64) g_value_get_uint (value) * 1000;
      break;
    case PROP_CONNECT_LIMIT:
      limits->connect_limit_us = (gint64) g_value_get_uint (value) * 1000;
      break;
    case PROP_ROOMS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
install_counts (GParamFlags flags)
{
  /**
   * WherryRelay:max-members:
   *
   * Members of all rooms together; 0: as many as file descriptors allow.
   */
  properties[PROP_MAX_MEMBERS]
      = g_param_spec_uint ("max-members", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * WherryRelay:members-per-room:
   *
   * Members of one room.
   */
  properties[PROP_MEMBERS_PER_ROOM] = g_param_spec_uint ("members-per-room", NULL, NULL, 1,
                                                         G_MAXUINT, WHERRY_MEMBERS_PER_ROOM, flags);
  /**
   * WherryRelay:topics-per-room:
   *
   * Topics of one room.
   */
  properties[PROP_TOPICS_PER_ROOM] = g_param_spec_uint ("topics-per-room", NULL, NULL, 1, G_MAXUINT,
                                                        WHERRY_TOPICS_PER_ROOM, flags);
  /**
   * WherryRelay:channels-per-member:
   *
   * Channels that one member may open.
   */
  properties[PROP_CHANNELS_PER_MEMBER]
      = g_param_spec_uint ("channels-per-member", NULL, NULL, 1, 1024, WHERRY_CHANNELS_PER_MEMBER,
                           flags);
  /**
   * WherryRelay:block-limit:
   *
   * For how many milliseconds of any 30 s a member may hold back the others before it leaves for
   * the reason `slow`.
   */
  properties[PROP_BLOCK_LIMIT] = g_param_spec_uint ("block-limit", NULL, NULL, 1, 30000,
                                                    (guint) (WHERRY_BLOCK_LIMIT_US / 1000), flags);
  /**
   * WherryRelay:connect-limit:
   *
   * How many milliseconds a member has from its join to be connected.
   */
  properties[PROP_CONNECT_LIMIT]
      = g_param_spec_uint ("connect-limit", NULL, NULL, 1, G_MAXINT,
                           (guint) (WHERRY_CONNECT_LIMIT_US / 1000), flags);
}

static void
install_sizes (GParamFlags flags)
{
  /**
   * WherryRelay:member-bytes:
   *
   * Bytes that may wait for one member.
   */
  properties[PROP_MEMBER_BYTES]
      = g_param_spec_uint64 ("member-bytes", NULL, NULL, 1, G_MAXINT64, WHERRY_MEMBER_BYTES, flags);
  /**
   * WherryRelay:memory-budget:
   *
   * Bytes that may wait for all of them together.
   */
  properties[PROP_MEMORY_BUDGET] = g_param_spec_uint64 ("memory-budget", NULL, NULL, 1, G_MAXINT64,
                                                        WHERRY_MEMORY_BUDGET, flags);
  /**
   * WherryRelay:outbox-high:
   *
   * Bytes that wait for one member on one channel, from which on those who send to it wait, or the
   * oldest are dropped, as the channel has it.
   */
  properties[PROP_OUTBOX_HIGH]
      = g_param_spec_uint64 ("outbox-high", NULL, NULL, 1, G_MAXINT64, WHERRY_OUTBOX_HIGH, flags);
  /**
   * WherryRelay:outbox-low:
   *
   * Bytes, from which on they wait no more.
   */
  properties[PROP_OUTBOX_LOW]
      = g_param_spec_uint64 ("outbox-low", NULL, NULL, 0, G_MAXINT64, WHERRY_OUTBOX_LOW, flags);
}

static void
wherry_relay_class_init (WherryRelayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_relay_finalize;
  object_class->get_property = wherry_relay_get_property;
  object_class->set_property = wherry_relay_set_property;
  /**
   * WherryRelay:configuration:
   *
   * Servers, addresses, ports and the largest message.
   */
  properties[PROP_CONFIGURATION]
      = g_param_spec_object ("configuration", NULL, NULL, WHERRY_TYPE_CONFIGURATION,
                             flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * WherryRelay:rooms:
   *
   * The rooms that somebody is in, a list of [class@Room].
   */
  properties[PROP_ROOMS] = g_param_spec_object ("rooms", NULL, NULL, G_TYPE_LIST_MODEL,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  install_counts (flags);
  install_sizes (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_relay_init (WherryRelay *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->limits = wherry_relay_config_new ();
  self->rooms = g_list_store_new (WHERRY_TYPE_ROOM);
}

WherryRelay *
wherry_relay_new (WherryConfiguration *configuration)
{
  return g_object_new (WHERRY_TYPE_RELAY, "configuration", configuration, NULL);
}

static gboolean
configure (WherryRelay *self, WherryRelayConfig *config, GError **error)
{
  WherryIceConfig *ice;

  if (config->outbox.outbox_low > config->outbox.outbox_high)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           "outbox-low is above outbox-high");
      return FALSE;
    }
  if (self->configuration == NULL)
    return TRUE;
  ice = wherry_configuration_to_ice (self->configuration, error);
  if (ice == NULL)
    return FALSE;
  g_clear_pointer (&config->ice, wherry_ice_config_free);
  config->ice = ice;
  config->max_message_size = wherry_configuration_get_max_message_size (self->configuration);
  return TRUE;
}

WherryRelayCore *
wherry_relay_ensure_core (WherryRelay *self, GError **error)
{
  g_autoptr (WherryRelayConfig) config = NULL;
  gboolean can_bind;

  if (self->closed || (self->core != NULL && wherry_relay_core_is_closing (self->core)))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the relay is closed");
      return NULL;
    }
  if (self->core != NULL)
    return self->core;
  config = wherry_relay_config_copy (self->limits);
  if (!configure (self, config, error))
    return NULL;
  can_bind = config->ice->bind_addresses->len == 0;
  self->core
      = wherry_relay_core_new (g_steal_pointer (&config), can_bind, self->context, self->rooms);
  return self->core;
}

WherryRelayRule *
wherry_relay_ensure_rule (WherryRelay *self, const char *pattern, gboolean is_topic)
{
  GPtrArray *rules = self->limits->rules;

  for (guint i = 0; i < rules->len; i++)
    {
      WherryRelayRule *rule = g_ptr_array_index (rules, i);

      if (rule->is_topic == is_topic && g_str_equal (rule->pattern, pattern))
        return rule;
    }
  return wherry_relay_config_add_rule (self->limits, pattern, is_topic);
}

WherryMember *
wherry_relay_join (WherryRelay *self, const char *room, const char *name, WherryJoinFlags flags,
                   GError **error)
{
  WherryRelayCore *core;

  g_return_val_if_fail (WHERRY_IS_RELAY (self), NULL);
  g_return_val_if_fail (room != NULL, NULL);
  core = wherry_relay_ensure_core (self, error);
  return core != NULL ? wherry_member_join (core, room, name, flags, error) : NULL;
}

WherryConfiguration *
wherry_relay_get_configuration (WherryRelay *self)
{
  g_return_val_if_fail (WHERRY_IS_RELAY (self), NULL);
  return self->configuration;
}

GListModel *
wherry_relay_get_rooms (WherryRelay *self)
{
  g_return_val_if_fail (WHERRY_IS_RELAY (self), NULL);
  return G_LIST_MODEL (self->rooms);
}

WherryRoom *
wherry_relay_lookup_room (WherryRelay *self, const char *name)
{
  g_return_val_if_fail (WHERRY_IS_RELAY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  return self->core != NULL ? wherry_relay_core_lookup_room (self->core, name) : NULL;
}

void
wherry_relay_close_async (WherryRelay *self, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (WHERRY_IS_RELAY (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, wherry_relay_close_async);
  self->closed = TRUE;
  if (self->core != NULL)
    wherry_relay_core_close (self->core, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
wherry_relay_close_finish (WherryRelay *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
