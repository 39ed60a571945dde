"""Pictures without what they tell about their author: containers taken apart and put together, byte for byte.

Image data is neither decoded nor changed. What is kept is named, all else goes, so that an extension which
nobody has heard of goes too. Each function takes a whole picture and gives the copy and what is not in it;
when nothing went, the copy is the picture.
"""
