# Read by CMake while pip builds llama-cpp-python (CMAKE_PROJECT_INCLUDE, see the README's first command).
#
# llama-cpp-python always builds llama.cpp's `common` library too: chat templates, downloads, argument parsing for llama.cpp's own programs.
# Its Python never loads it, and it is most of the compiler's work. A plain variable hides the cache entry that asks for it.
set(LLAMA_BUILD_COMMON OFF)
