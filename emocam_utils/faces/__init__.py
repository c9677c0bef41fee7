"""What makes a network call a face happy: its maps, what it wants to see, and which parts count.

analysis    faces and a network for them, as an Analysis    reading  what a network says of faces
maps        saliency and class activation maps    dependence  do they show class and learning?
maximised   Figure 4; with maximisation and post_filters
film        a face that changes; with painting and video_files
parts       eyes or mouth, measured on FER2013    reference  what was measured, as shipped
plots       the figures                           explorer   the widget
accuracy    for the model card of a training      command    for the command lines
"""

from .analysis import clearest_face, face_analysis, surest_faces

__all__ = ["clearest_face", "face_analysis", "surest_faces"]
