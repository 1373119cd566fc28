// What a C++ library prints when a program dies of an exception begins with a demangler of 60 KB. There are no
// exceptions here: a name stays as it is.
extern "C" char *__cxa_demangle(const char *, char *, unsigned long *, int *status);
extern "C" char *__cxa_demangle(const char *, char *, unsigned long *, int *status) {
  if (status != nullptr) *status = -1;
  return nullptr;
}
