/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-room.h"

#include "lib/wherry-room-private.h"

struct _WherryRoom
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  char *name;

  /* creator's thread only */
  GListStore *members;
  GHashTable *by_id; /* id to WherryMember, borrowed from the list */
};

typedef enum
{
  PROP_NAME = 1,
  PROP_MEMBERS,
} Property;

static GParamSpec *properties[PROP_MEMBERS + 1];

G_DEFINE_FINAL_TYPE (WherryRoom, wherry_room, G_TYPE_OBJECT)

static void
wherry_room_finalize (GObject *object)
{
  WherryRoom *self = WHERRY_ROOM (object);

  g_hash_table_unref (self->by_id);
  g_object_unref (self->members);
  g_free (self->name);
  G_OBJECT_CLASS (wherry_room_parent_class)->finalize (object);
}

static void
wherry_room_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryRoom *self = WHERRY_ROOM (object);

  switch ((Property) id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_MEMBERS:
      g_value_set_object (value, self->members);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_room_class_init (WherryRoomClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_room_finalize;
  object_class->get_property = wherry_room_get_property;
  /**
   * WherryRoom:name:
   *
   * Its name.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  /**
   * WherryRoom:members:
   *
   * Who is there, a list of [class@Member].
   */
  properties[PROP_MEMBERS] = g_param_spec_object ("members", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_room_init (WherryRoom *self)
{
  self->members = g_list_store_new (WHERRY_TYPE_MEMBER);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
}

WherryRoom *
wherry_room_new (const char *name)
{
  WherryRoom *self = g_object_new (WHERRY_TYPE_ROOM, NULL);

  self->name = g_strdup (name);
  return self;
}

void
wherry_room_add (WherryRoom *self, WherryMember *member)
{
  g_hash_table_insert (self->by_id, (gpointer) wherry_member_get_id (member), member);
  g_list_store_append (self->members, member);
}

gboolean
wherry_room_remove (WherryRoom *self, WherryMember *member)
{
  guint position;

  g_hash_table_remove (self->by_id, wherry_member_get_id (member));
  if (g_list_store_find (self->members, member, &position))
    g_list_store_remove (self->members, position);
  return g_hash_table_size (self->by_id) > 0;
}

const char *
wherry_room_get_name (WherryRoom *self)
{
  g_return_val_if_fail (WHERRY_IS_ROOM (self), NULL);
  return self->name;
}

GListModel *
wherry_room_get_members (WherryRoom *self)
{
  g_return_val_if_fail (WHERRY_IS_ROOM (self), NULL);
  return G_LIST_MODEL (self->members);
}

WherryMember *
wherry_room_lookup_member (WherryRoom *self, const char *id)
{
  g_return_val_if_fail (WHERRY_IS_ROOM (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);
  return g_hash_table_lookup (self->by_id, id);
}
