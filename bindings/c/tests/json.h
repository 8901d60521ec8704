/** @file Just enough JSON to read test vectors, which are well-formed: values are found by skipping what stands before. */
#ifndef JSON_H
#define JSON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The whole file, with a NUL behind it. Free it. */
static inline char *json_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long length = 0;
    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
        text = malloc((size_t)length + 1);
        if (text != NULL) {
            text[fread(text, 1, (size_t)length, file)] = '\0';
        }
    }
    fclose(file);
    return text;
}

static inline const char *json_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/** Behind a value. */
static inline const char *json_skip(const char *at)
{
    int depth = 0;
    at = json_space(at);
    do {
        if (*at == '"') {
            for (at++; *at != '"'; at++) {
                at += *at == '\\';
            }
            at++;
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            depth--;
            at++;
        } else if (depth > 0) {
            at++;
        } else {
            at += strcspn(at, ",]} \t\r\n");
        }
    } while (depth > 0 && *at != '\0');
    return at;
}

/** The first value of a list or object, or the next one behind a value; NULL at the end. */
static inline const char *json_first(const char *list)
{
    const char *at = json_space(json_space(list) + 1);
    return *at == ']' || *at == '}' ? NULL : at;
}

static inline const char *json_next(const char *value)
{
    const char *at = json_space(json_skip(value));
    return *at == ',' ? json_space(at + 1) : NULL;
}

/** The field of an object; NULL where it has none of that name. */
static inline const char *json_field(const char *object, const char *name)
{
    const char *at = json_first(object);
    while (at != NULL) {
        const char *value = json_space(json_space(json_skip(at)) + 1);
        if (strncmp(at + 1, name, strlen(name)) == 0 && at[1 + strlen(name)] == '"') {
            return value;
        }
        at = json_next(value);
    }
    return NULL;
}

/** The text of a value without escapes, cut off at `size`. */
static inline const char *json_text(const char *value, char *text, size_t size)
{
    size_t length = 0;
    if (value == NULL || *value != '"') {
        text[0] = '\0';
        return text;
    }
    length = strcspn(value + 1, "\"");
    length = length < size ? length : size - 1;
    memcpy(text, value + 1, length);
    text[length] = '\0';
    return text;
}

#endif
